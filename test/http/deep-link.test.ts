import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { client } from './client.ts';
import { call, message, NOW_US } from './fakes.ts';

suite('links of other tools', () => {
  // NOW_US is 2026-11-21T10:00:00Z; date -u -d @1795255140 says 2026-11-21T09:59:00.
  const links: [string, string][] = [
    ['/?number=%2B4930123', '/calls/list?q=number:+4930123'],
    ['/?number=+4930123', '/calls/list?q=number:+4930123'],
    [
      '/?number=030123&from=2026-11-21T09:00:00Z&to=2026-11-21T10:30:00%2B01:00',
      '/calls/list?q=number:030123 start>=2026-11-21T09:00:00.000000Z start<=2026-11-21T09:30:00.000000Z',
    ],
    ['/?number=1&from=2026-11-21T10:30:00+01:00', '/calls/list?q=number:1 start>=2026-11-21T09:30:00.000000Z'],
    ['/?number=1&from=1795255140', '/calls/list?q=number:1 start>=2026-11-21T09:59:00.000000Z'],
    ['/?number=1&from=1795255140250', '/calls/list?q=number:1 start>=2026-11-21T09:59:00.250000Z'],
    ['/?number=1&from=1795255140250001', '/calls/list?q=number:1 start>=2026-11-21T09:59:00.250001Z'],
    ['/?number=1&from=2026-11-21', '/calls/list?q=number:1 start>=2026-11-21T00:00:00.000000Z'],
    ['/?minutes=15', '/calls/list?q=start>=2026-11-21T09:45:00.000000Z'],
    [
      '/?from_user=alice&to_user=bob&src_ip=192.0.2.1&dst_ip=2001:db8::1&method=INVITE&limit=50&proto_type=1&event_type=call',
      '/calls/list?q=from:alice to:bob src:192.0.2.1 dst:2001:db8::1 method:INVITE&n=50',
    ],
    ['/?from_user=a"b\\c d', '/calls/list?q=from:"a\\"b\\\\c d"'],
    ['/?from_user=x) OR (any:y', '/calls/list?q=from:"x) OR (any:y"'],
    ['/?call_id=a84b%40x&from=1&to=2', '/call/a84b%40x'],
    ['/?callid=a/b', '/call/a%2Fb'],
    ['/?number=1&format=json', '/calls/list?q=number:1&format=json'],
  ];
  for (const [from, to] of links) {
    test(`${from} leads to ${to}`, async () => {
      const { get } = client();
      const { statusCode, headers } = await get(
        from.replaceAll(' ', '%20').replaceAll('"', '%22').replaceAll('\\', '%5C'),
      );
      assert.equal(statusCode, 302);
      const [path = '', query = ''] = String(headers['location']).split('?', 2);
      const readable = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`).join('&');
      assert.equal(readable === '' ? path : `${path}?${readable}`, to);
    });
  }

  const refused: [string, RegExp][] = [
    ['/?number=1&from=yesterday', /"from" is "yesterday", expected a time such as/],
    ['/?number=1&to=2026-02-31T00:00:00', /"to" is "2026-02-31T00:00:00"/],
    ['/?number=1&to=9999999999999999', /"to" is "9999999999999999"/],
    ['/?number=1&to=2026-02-01T25:00:00', /"to" is "2026-02-01T25:00:00"/],
    ['/?minutes=-1', /"minutes" is "-1", expected a whole number up to/],
    ['/?minutes=99999999', /"minutes"/],
    ['/?number=1&nonsense=1', /nonsense|number/],
  ];
  for (const [link, message_] of refused) {
    test(`${link} is refused`, async () => {
      const { get } = client();
      const { statusCode, body } = await get(link);
      assert.equal(statusCode, 400);
      assert.match(body, message_);
    });
  }

  test('the index stays where it is without such parameters', async () => {
    const { get } = client();
    for (const path of ['/', '/?format=json', '/?number=']) assert.notEqual((await get(path)).statusCode, 302, path);
  });

  test('somebody who may not read is not told where a link leads', async () => {
    const { ask } = client();
    const answer = await ask({ method: 'GET', url: '/?number=1', remoteAddress: '192.0.2.1' });
    assert.equal(answer.statusCode, 403);
  });
});

suite('/call/<call-id>?around=', () => {
  test('shows the messages around a time', async () => {
    const { get, deps } = client();
    deps.engine.messages = Array.from({ length: 100 }, (_, n) => message({ id: n, atUs: NOW_US + n * 1e6 }));
    const path = `/call/${encodeURIComponent(message().callId)}?format=json&n=10`;
    const first = async (more: string): Promise<unknown> => {
      const answer = (await get(path + more)).json<{ offset: number; messages: { id: number }[] }>();
      assert.equal(answer.messages[0]?.id, answer.offset);
      return answer.offset;
    };
    assert.equal(await first(''), 0);
    assert.equal(await first('&around=2026-11-21T10:00:40Z'), 35);
    assert.equal(await first('&around=2026-11-21T09:00:00Z'), 0);
    assert.equal(await first('&around=2026-11-21T11:00:00Z'), 90);
    assert.equal(await first('&around=2026-11-21T10:00:40Z&s=7'), 7);
    assert.equal((await get(`${path}&around=soon`)).statusCode, 400);
  });
});

suite('links to other tools', () => {
  test('are filled in with what is known of the call, encoded', async () => {
    const linksOut = [
      { name: 'Logs', url: 'https://logs.example/?q={callid}&from={time_ms}&to={end_ms}#{from}' },
      { name: 'Ticket <b>', url: 'https://t.example/{to}/{time}' },
    ];
    const { get, deps } = client({ linksOut });
    const callId = `a"b&c/../d?e#f@x`;
    deps.engine.calls = [
      call({ callId, from: 'sip:a@x', to: 'sip:b@y;p=1', createdUs: NOW_US + 1999, updatedUs: NOW_US + 2001 }),
    ];
    const { body } = await get(`/call/${encodeURIComponent(callId)}?format=html`);
    assert.ok(
      body.includes(
        '<a href="https://logs.example/?q=a%22b%26c%2F..%2Fd%3Fe%23f%40x&amp;from=1795255200001&amp;to=1795255200003#sip%3Aa%40x" rel="noreferrer">Logs</a>',
      ),
    );
    assert.ok(
      body.includes(
        '<a href="https://t.example/sip%3Ab%40y%3Bp%3D1/2026-11-21T10%3A00%3A00.001999Z" rel="noreferrer">Ticket &lt;b></a>',
      ),
    );
  });
});
