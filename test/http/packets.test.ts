import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EngineRequestError } from '../../src/model/engine.ts';
import { client } from './client.ts';
import { injectView, tcpTimeout } from './fakes.ts';

const MESSAGE = ['OPTIONS sip:b@example.com SIP/2.0', 'Call-ID: 1', 'CSeq: 1 OPTIONS', 'To: <sip:b>', '', ''].join(
  '\r\n',
);
const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
const JSON_ANSWER = { accept: 'application/json' };

suite('/inject', () => {
  test('hands the message on as octets, with defaults for what is not given', async () => {
    const { post, deps } = client();
    const answer = await post('/inject', form({ sipmsg: MESSAGE.replaceAll('\r', ''), crlfformat: 'lf' }));
    assert.equal(answer.statusCode, 200);
    const local = '127.0.0.1:5060';
    assert.deepEqual(deps.engine.asked, [
      ['inject', { octets: Buffer.from(MESSAGE), transport: 'udp', src: local, dst: local }],
    ]);
  });

  test('transport and addresses are what was chosen', async () => {
    const { post, deps } = client();
    const chosen = { proto: 'tcp', src: '[2001:db8::1]:5070', dst: '[2001:db8::2]:5060' };
    assert.equal((await post('/inject', { sipmsg: MESSAGE, ...chosen })).statusCode, 200);
    const { src, dst } = chosen;
    assert.deepEqual(deps.engine.asked, [['inject', { octets: Buffer.from(MESSAGE), transport: 'tcp', src, dst }]]);
  });

  test('as text it answers with the message in quotes and the calls it touched', async () => {
    const { post } = client();
    const { body } = await post('/inject', { sipmsg: MESSAGE });
    const [first = '', second = '', third = ''] = body.split('\n');
    assert.ok(first.startsWith('tracked: "OPTIONS sip:b@example.com SIP/2.0\\x0d\\x0aCall-ID: 1'), first);
    assert.equal(second, 'filtering callid "a84b4c76e66710@pc33.example.com"');
    assert.ok(third.startsWith('     0. "a84b4c76e66710@pc33.example.com"'), third);
    assert.doesNotMatch(body, /^method +: INVITE/m);
    assert.match((await post('/inject', { sipmsg: MESSAGE, verbose: 'yes' })).body, /^method +: INVITE$/m);
  });

  test('a refused message answers with its code, what was read and where it went wrong', async () => {
    const { post, deps } = client();
    deps.engine.injected = injectView({
      outcome: 'refused',
      code: 'SIP_BAD_CSEQ',
      reason: 'the CSeq cannot be read',
      parsedOctets: 50,
      rest: 'x\u202e OPTIONS',
      callId: '',
      entries: [],
    });
    const text = await post('/inject', { sipmsg: MESSAGE });
    assert.equal(text.statusCode, 200);
    assert.match(text.body, /^refused: ".*"\nSIP_BAD_CSEQ: the CSeq cannot be read\nparsed ok: 50 of \d+ octets\n/);
    assert.match(text.body, /^error before: "x\\u\{202e\} OPTIONS"$/m);
    const html = await post('/inject', { sipmsg: MESSAGE }, { accept: 'text/html' });
    assert.match(html.body, /SIP_BAD_CSEQ/);
    assert.doesNotMatch(html.body, /\u202e/);
  });

  test('the page after an injection holds the form with what was sent, and nothing of it is markup', async () => {
    const { post } = client();
    const sipmsg = MESSAGE.replace('<sip:b>', '</textarea><script>alert(1)</script>');
    const html = await post('/inject', { sipmsg, proto: 'ws', verbose: 'yes' }, { accept: 'text/html' });
    assert.equal(html.statusCode, 200);
    assert.doesNotMatch(html.body, /<script>/);
    assert.match(html.body, /<option value="ws" selected>/);
    assert.match(html.body, /<textarea name="sipmsg"[^>]*>OPTIONS sip:b@example\.com SIP\/2\.0/);
  });

  test('takes the message apart, also where it is refused, and says what is wrong in place', async () => {
    const { post, deps } = client();
    deps.engine.injected = injectView({ outcome: 'refused', code: 'SIP_BAD_CSEQ', callId: '', entries: [] });
    const sipmsg = MESSAGE.replace('1 OPTIONS', '1 BYE');
    const { parts } = (await post('/inject', { sipmsg }, JSON_ANSWER)).json<{ parts: { name: string }[] }>();
    assert.deepEqual(
      parts.find(({ name }) => name === 'CSeq'),
      { depth: 1, name: 'CSeq', value: '1 BYE', note: '', warning: 'the request is OPTIONS' },
    );
    assert.match(
      (await post('/inject', { sipmsg }, { accept: 'text/html' })).body,
      /Parts of the message.*▲ <bdi>the request is/s,
    );
    assert.match((await post('/inject', { sipmsg, verbose: 'yes' })).body, /^ {2}To: "<sip:b>"\n {4}URI: "sip:b"\n/m);
  });

  const refused: [object, string, RegExp][] = [
    [{ sipmsg: '' }, 'sipmsg', /a SIP message/],
    [{ proto: 'udp' }, 'sipmsg', /a SIP message/],
    [{ sipmsg: 'OPTIONS' }, 'crlfformat', /cannot be told/],
    [{ sipmsg: MESSAGE, crlfformat: 'foo' }, 'crlfformat', /one of: auto, ngreplf/],
    [{ sipmsg: MESSAGE, proto: 'carrier-pigeon' }, 'proto', /one of: udp/],
    [{ sipmsg: MESSAGE, verbose: 'maybe' }, 'verbose', /one of: no, yes/],
    [{ sipmsg: MESSAGE, port: 5060 }, 'port', /./],
  ];
  for (const [body, parameter, detail] of refused) {
    test(`POST ${JSON.stringify(body).slice(0, 70)} is refused because of ${parameter}`, async () => {
      const { post, deps } = client();
      const answer = await post('/inject', body, JSON_ANSWER);
      assert.equal(answer.statusCode, 400);
      const problem = answer.json<{ parameter: string; detail: string }>();
      assert.equal(problem.parameter, parameter);
      assert.match(problem.detail, detail);
      assert.deepEqual(deps.engine.asked, []);
    });
  }

  test('a GET with a message changes nothing and says to use POST', async () => {
    const { get, deps } = client();
    const answer = await get(`/inject?${form({ sipmsg: MESSAGE })}`);
    assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, 'POST']);
    assert.deepEqual(deps.engine.asked, []);
  });
});

suite('/tcp/timeouts', () => {
  test('as text it has one line for each, with what was configured where that differs', async () => {
    const { get, deps } = client();
    deps.engine.tcp = [tcpTimeout(), tcpTimeout({ name: 'tcp_reorder_timeout', ms: 60_000, configuredMs: 60_000 })];
    assert.equal(
      (await get('/tcp/timeouts')).body,
      [
        'tcp_gc_int            : 20s (configured: 30s)  range: 10ms-1h0m0s\thow often the other two are looked at',
        'tcp_reorder_timeout   : 1m0s  range: 10ms-1h0m0s\thow often the other two are looked at',
        '',
      ].join('\n'),
    );
  });

  test('where nothing is captured it says so', async () => {
    const { get, deps } = client();
    deps.engine.tcp = [];
    assert.match((await get('/tcp/timeouts')).body, /^Nothing is captured here/);
    assert.match((await get('/tcp/timeouts?format=html')).body, /Nothing is captured here/);
  });

  test('a change is handed on in milliseconds and said back', async () => {
    const { post, deps } = client();
    const answer = await post('/tcp/timeouts', 'tcp_gc_int=1m30s&tcp_reorder_timeout=250ms', { accept: 'text/html' });
    assert.deepEqual(deps.engine.asked, [['setTcpTimeouts', { tcp_gc_int: 90_000, tcp_reorder_timeout: 250 }]]);
    assert.match(answer.body, /Applied: <bdi>tcp_gc_int = 1m30s, tcp_reorder_timeout = 250ms/);
  });

  test('what is no duration is refused, and so is what the engine refuses', async () => {
    const { post, deps } = client();
    const answer = await post('/tcp/timeouts', 'tcp_gc_int=soon', JSON_ANSWER);
    assert.deepEqual([answer.statusCode, answer.json<{ parameter: string }>().parameter], [400, 'tcp_gc_int']);
    deps.engine.failure = new EngineRequestError('tcp_gc_int: 1ms, must be from 10ms to 1h0m0s');
    assert.equal((await post('/tcp/timeouts', 'tcp_gc_int=1ms')).statusCode, 400);
  });
});
