import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { client } from './client.ts';
import { ENVELOPE, message } from './fakes.ts';

const { callId, id } = message();
const CALL = `/call/${encodeURIComponent(callId)}`;
const PATH = `${CALL}/message/${id}`;
/** Markup, quotes, NUL, broken UTF-8, marks that turn text round. */
const HOSTILE = `"'><script>alert(1)</script><b>&amp;\u0000\ufffd\u202e\u200f]]>-->`;

suite('the page of a message', () => {
  test('shows the chunks it came in, each with its numbers, and its text', async () => {
    const { get } = client();
    const { statusCode, body } = await get(`${PATH}?format=html`);
    assert.equal(statusCode, 200);
    const [, tree = ''] = /<ul class="tree" aria-label="What HEP3 says">(.*?)<\/ul>/.exec(body) ?? [];
    const items = [...tree.matchAll(/<li>(.*?)<\/li>/g)].map(([, item = '']) => item.replaceAll(/<[^>]*>/g, ''));
    assert.deepEqual(
      items.map((item) => item.replaceAll(/\s+/g, ' ')),
      [
        'source port 5060 2 octets · 0/0x0007',
        'authentication key not shown 0/0x000e',
        'payload the message · 700 octets · 0/0x000f',
        'Genesys conversationId conv-1 6 octets · 8/0x0080',
      ],
    );
    assert.ok(body.includes('<span class="field"><bdi>Call-ID</bdi></span>'));
    assert.ok(body.includes(`href="${CALL}?around=${message().atUs}&amp;message=${id}#ladder"`));
  });

  test('says what was odd about an envelope, and that it was cut', async () => {
    const { get, deps } = client();
    deps.engine.envelope = {
      protocol: 'HEP2',
      fields: [{ vendor: null, type: null, name: 'version', length: 1, value: '2' }],
      isCut: true,
      notes: ['HEP2 packets with a big-endian time block'],
    };
    const { body } = await get(`${PATH}?format=html`);
    for (const text of ['What HEP2 says', 'big-endian time block', 'too long to be kept'])
      assert.ok(body.includes(text));
  });

  test('says that a message came in no envelope', async () => {
    const { get, deps } = client();
    deps.engine.envelope = null;
    assert.match((await get(`${PATH}?format=html`)).body, /It came in none/);
    assert.equal((await get(`${PATH}?format=json`)).json<{ envelope: unknown }>().envelope, null);
    assert.match((await get(`${PATH}?format=text`)).body, /^# no envelope\n/);
  });

  test('shows a message part by part, with what is wrong where it is, and folds without script', async () => {
    const { get, deps } = client();
    const raw = 'SIP/2.0 180 Ringing\r\nVia: SIP/2.0/TCP h;branch=b\r\nSubject: "<script>alert(1)</script>\0"\r\n\r\n';
    deps.engine.messages = [message({ raw, isRequest: false, method: '', status: 180, reason: 'Ringing' })];
    const { body } = await get(`${PATH}?format=html`);
    const [, tree = ''] = /<ul class="tree" aria-label="Parts of the message">(.*?)<section>/s.exec(body) ?? [];
    assert.match(tree, /^<li><details><summary>.*status line.*180 Ringing.*▲.*without From, To, Call-ID, CSeq/s);
    assert.match(tree, /<li><details open><summary>.*header fields.*<details><summary>.*Via.*branch.*transaction/s);
    assert.ok(tree.includes('&lt;script>alert(1)&lt;/script><span class="unseen">\\x00</span>'));
    const { parts } = (await get(`${PATH}?format=json`)).json<{ parts: unknown[] }>();
    assert.deepEqual(parts.slice(0, 4), [
      {
        depth: 0,
        name: 'status line',
        value: 'SIP/2.0 180 Ringing',
        note: '',
        warning: 'without From, To, Call-ID, CSeq',
      },
      { depth: 1, name: 'version', value: 'SIP/2.0', note: '', warning: '' },
      { depth: 1, name: 'status', value: '180', note: 'provisional', warning: '' },
      { depth: 1, name: 'reason', value: 'Ringing', note: '', warning: '' },
    ]);
  });

  test('gives text of the same: a line for each chunk, then the message', async () => {
    const { get } = client();
    const lines = (await get(`${PATH}?format=text`)).body.split('\n');
    assert.deepEqual(lines.slice(0, 16), [
      '# HEP3',
      '# 0/0x0007 source port (2 octets): "5060"',
      '# 0/0x000e authentication key: "not shown"',
      '# 0/0x000f payload (700 octets): the message',
      '# 8/0x0080 Genesys conversationId (6 octets): "conv-1"',
      '# request line: "INVITE sip:+4930123456@198.51.100.2;user=phone SIP/2.0" wrong: without Via, From, To, CSeq, Max-Forwards',
      '#   method: "INVITE"',
      '#   request URI: "sip:+4930123456@198.51.100.2;user=phone"',
      '#     scheme: "sip"',
      '#     user: "+4930123456"',
      '#     host: "198.51.100.2"',
      '#     user: "phone"',
      '#   version: "SIP/2.0"',
      '# header fields: (1)',
      '#   Call-ID: "a84b4c76e66710@pc33.example.com"',
      '',
    ]);
    assert.match(lines[16] ?? '', /^=== 2026-11-21T09:58:55\.123456Z 192\.0\.2\.1:5060 -> /);
  });

  test('shows what a sender wrote as text, never as markup', async () => {
    const { get, deps } = client();
    deps.engine.envelope = {
      ...ENVELOPE,
      fields: [{ vendor: 0, type: 19, name: 'agent name', length: 60, value: HOSTILE }],
    };
    const { body } = await get(`${PATH}?format=html`);
    assert.doesNotMatch(body, /<script(?! type="module")|<b>/);
    assert.ok(!body.includes('\u0000') && !body.includes('\u202e'));
    assert.ok(body.includes('&lt;script>'));
    const text = (await get(`${PATH}?format=text`)).body;
    assert.ok(text.includes('\\x00') && !text.includes('\u0000') && !text.includes('\u202e'));
  });

  test('leaves out credentials where that is asked for', async () => {
    const { get, deps } = client();
    deps.engine.messages = [
      message({ raw: 'REGISTER sip:a SIP/2.0\r\nAuthorization: Digest username="u", response="abcdef"\r\n\r\n' }),
    ];
    for (const format of ['html', 'json', 'text']) {
      assert.ok((await get(`${PATH}?format=${format}`)).body.includes('abcdef'), format);
      assert.ok(!(await get(`${PATH}?format=${format}&mask=1`)).body.includes('abcdef'), format);
    }
  });

  test('is linked from its call, with the same credentials left out', async () => {
    const { get } = client();
    assert.ok((await get(`${CALL}?format=html`)).body.includes(`href="${PATH}"`));
    assert.ok((await get(`${CALL}?format=html&mask=1`)).body.includes(`href="${PATH}?mask=1"`));
  });

  test('says what is wrong with an id, and that a message is no longer held', async () => {
    const { get } = client();
    for (const wrong of ['x', '-1', '1.5', '1e3', '9'.repeat(16)]) {
      const { statusCode, body } = await get(`${CALL}/message/${wrong}`, { accept: 'application/json' });
      assert.deepEqual([statusCode, JSON.parse(body).parameter], [400, 'id'], wrong);
    }
    const { statusCode, body } = await get(`${CALL}/message/${id + 8}`);
    assert.equal(statusCode, 404);
    assert.match(body, /keep_messages_mem/);
  });
});
