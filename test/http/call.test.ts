import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Value } from 'typebox/value';
import type { CallMessageView } from '../../src/model/views.ts';
import { client } from './client.ts';
import { call, event, message } from './fakes.ts';

const CALL_ID = 'a84b4c76e66710@pc33.example.com';
const PATH = `/call/${encodeURIComponent(CALL_ID)}`;
const REPLY: Partial<CallMessageView> = {
  id: 8192,
  atUs: message().atUs + 210_000,
  src: message().dst,
  dst: message().src,
  isRequest: false,
  method: '',
  requestUri: '',
  status: 180,
  reason: 'Ringing',
  toTag: 'b',
  sdp: null,
  raw: 'SIP/2.0 180 Ringing\r\n\r\n',
};
/** Markup, quotes, NUL, broken UTF-8, marks that turn text round. */
const HOSTILE = `"'><script>alert(1)</script><b>&amp;\u0000\ufffd\u202e\u200f]]>-->`;

suite('the page of a call', () => {
  test('shows the ladder, a table that says the same, and every message in its own words', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message(), message(REPLY)];
    const { statusCode, body, headers } = await get(`${PATH}?format=html`);
    assert.equal(statusCode, 200);
    assert.doesNotMatch(
      body,
      /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)|<style|\sstyle=|\son[a-z]+=/i,
    );
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.match(body, /<div class="ladder" role="group" aria-label="Ladder: 2 messages between 2 endpoints/);
    for (const anchor of ['href="#m4096"', 'id="m4096"', 'href="#m8192"', 'id="m8192"'])
      assert.ok(body.includes(anchor), anchor);
    assert.match(body, /192\.0\.2\.1:5060/);
    assert.match(body, /<span class="field"><bdi>Call-ID<\/bdi><\/span>/);
    assert.ok(body.includes('href="/call/older%40example.com"'));
    assert.ok(body.includes(`href="${PATH}?format=svg"`));
  });

  test('answers as JSON after its schema', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message(), message({ ...REPLY, repeat: 'retransmission' })];
    const description = (await get('/openapi.json')).json<{
      paths: Record<string, { get: { responses: { 200: { content: Record<string, { schema: object }> } } } }>;
    }>();
    const described = description.paths['/call/{callid}']?.get.responses[200].content ?? {};
    const schema = described['application/json']?.schema;
    assert.ok(schema);
    const answer: { messages: { at: string }[] } = (await get(`${PATH}?format=json`)).json();
    assert.deepEqual([...Value.Errors(schema, answer)], []);
    assert.equal(answer.messages[0]?.at, '2026-11-21T09:58:55.123456Z');
    assert.ok(Object.keys(described).some((type) => type.startsWith('image/svg+xml')));
  });

  test('as text has one header line for each message, then the message', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message(), message(REPLY)];
    const { body } = await get(PATH);
    const [first, second] = body.split('\n').filter((line) => line.startsWith('==='));
    const by = 'seen by 2001@203.0.113.7:40112/udp';
    assert.equal(first, `=== 2026-11-21T09:58:55.123456Z +0.000 192.0.2.1:5060 -> 198.51.100.2:5060 udp INVITE ${by}`);
    assert.equal(
      second,
      `=== 2026-11-21T09:58:55.333456Z +0.210 198.51.100.2:5060 -> 192.0.2.1:5060 udp 180 Ringing (INVITE) ${by}`,
    );
    assert.ok(body.includes(`\nCall-ID: ${CALL_ID}\n`));
  });

  test('as SVG is a file of its own, as Mermaid a diagram', async () => {
    const { get } = client();
    const svg = await get(`${PATH}?format=svg`);
    assert.equal(svg.headers['content-type'], 'image/svg+xml; charset=utf-8');
    assert.match(svg.body, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.doesNotMatch(svg.body, /href=|<script|<style/);
    // Nothing else says how it looks: whatever has no colour would be black.
    for (const [shape] of svg.body.matchAll(/<(?:text|path|rect|line|circle)\b[^>]*>/g))
      assert.match(shape, /<path[^>]* stroke="#|<line[^>]* stroke="#|fill="#/, shape);
    assert.match(svg.body, />sip:alice@example\.com → sip:\+4930123456@example\.net<\/text>/);
    assert.ok(svg.body.includes(`>2026-11-21T09:58:55.123456Z, Call-ID ${CALL_ID}</text>`));
    const rows = (await get(`${PATH}?format=html`)).body.match(/<svg[^>]*class="ladder-part"[^]*?<\/svg>/)?.[0] ?? '';
    assert.doesNotMatch(
      rows.replace(/<rect class="l-paper"[^>]*>|<line class="l-life"[^>]*>/g, ''),
      / fill=| stroke="/,
    );
    const mermaid = await get(`${PATH}?format=mermaid`);
    assert.match(mermaid.body, /^sequenceDiagram\n {2}participant p0 as 192\.0\.2\.1:5060\n/);
  });

  test('hostile text in a message and in its parts appears exactly, and only as text', async () => {
    const { get, deps } = client();
    const long = 'x'.repeat(64 * 1024);
    deps.engine.messages = [
      message({
        raw: `INVITE ${HOSTILE} SIP/2.0\r\nX: ${HOSTILE}\r\nLong: ${long}\r\n\r\n${HOSTILE}`,
        method: HOSTILE,
        requestUri: HOSTILE,
      }),
      message({ ...REPLY, reason: HOSTILE, raw: HOSTILE, agents: [HOSTILE], userAgent: HOSTILE, cseqMethod: HOSTILE }),
    ];
    const { body } = await get(`${PATH}?format=html`);
    assert.doesNotMatch(body, /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)|<b>/i);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(body, /[\u0000\u202e\u200f]/);
    const words = body
      .replace(/<[^<>]*>/g, '')
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&amp;', '&');
    const shown = HOSTILE.replace('\u0000', '\\x00').replace('\u202e', '\\u{202e}').replace('\u200f', '\\u{200f}');
    assert.ok(words.includes(`INVITE ${shown} SIP/2.0\nX: ${shown}\nLong: ${long}\n\n${shown}`));
    const svg = await get(`${PATH}?format=svg`);
    assert.doesNotMatch(svg.body, /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)|<b>/i);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(svg.body, /[\u0000-\u0008\u202e]/);
    const text = await get(PATH);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text.body, /[\u0000-\u0008\u000b-\u001f\u202e]/);
    assert.ok((await get(`${PATH}?format=json`)).body.includes(JSON.stringify(HOSTILE).slice(1, -1)));
  });

  test('says what is missing: earlier messages, an ACK, messages of which no text is held', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message({ length: 70_000 }), message({ ...REPLY, status: 200, reason: 'OK' })];
    deps.engine.gone = 3;
    const { body } = await get(`${PATH}?format=html`);
    assert.match(body, /3 earlier messages of this call are no longer held/);
    assert.match(body, /ACK to 200 \(CSeq 1\) not captured/);
    assert.match(body, /52 of them shown/);
    const { missing } = (await get(`${PATH}?format=json`)).json<{ missing: string[] }>();
    assert.deepEqual(missing, ['ACK to 200 (CSeq 1) not captured']);
  });

  test('a call that has left the table is shown as long as its messages or events are held', async () => {
    const { get, deps } = client();
    deps.engine.calls = [];
    assert.match((await get(`${PATH}?format=html`)).body, /no longer tracked/);
    deps.engine.messages = [];
    assert.match((await get(`${PATH}?format=html`)).body, /No message of this call is held any more/);
    deps.engine.events = [];
    const { statusCode, body } = await get(`${PATH}?format=json`);
    assert.equal(statusCode, 404);
    assert.match(body, /Nothing is held of a call with the Call-ID/);
  });

  test('events of another call whose Call-ID only contains this one are not shown', async () => {
    const { get, deps } = client();
    deps.engine.events = [event(), event({ index: 4, callId: `x${CALL_ID}` })];
    const answer = (await get(`${PATH}?format=json`)).json<{ events: { index: number }[] }>();
    assert.deepEqual(
      answer.events.map(({ index }) => index),
      [3],
    );
  });

  test('a Call-ID with slashes, percent signs and spaces has a page, and lists link to it', async () => {
    const { get, deps } = client();
    const callId = 'a/b%2f c?#"<1>@x';
    deps.engine.calls = [call({ callId })];
    deps.engine.messages = [message({ callId })];
    const href = `/call/${encodeURIComponent(callId)}`;
    assert.ok((await get('/calls/list?format=html')).body.includes(`href="${href}"`));
    assert.equal((await get(`${href}?format=json`)).json<{ callId: string }>().callId, callId);
    assert.ok((await get('/events?format=html')).body.includes(`href="${PATH}"`));
  });

  test('5000 messages are shown in pages', async () => {
    const { get, deps } = client();
    deps.engine.messages = Array.from({ length: 5000 }, (_, n) =>
      message({ id: (n + 1) * 8, atUs: message().atUs + n * 1000, repeat: n === 0 ? 'new' : 'retransmission' }),
    );
    const page = await get(`${PATH}?format=html`);
    assert.equal(page.body.split('<tbody class="item" id="m').length - 1, 500);
    assert.match(page.body, /Messages 1–500 of 5000/);
    assert.ok(page.body.includes(`href="${PATH}?s=500&amp;n=500"`));
    const all = await get(`${PATH}?format=html&n=5000`);
    assert.equal(all.body.split('<tbody class="item" id="m').length - 1, 5000);
    assert.equal((await get(`${PATH}?n=5001`)).statusCode, 400);
    assert.equal((await get(`${PATH}?format=png`)).statusCode, 400);
  });

  test('of many messages each text is a page of its own, with the same said of it', async () => {
    const { get, deps } = client();
    const [few, many] = [40, 41].map((count) => Array.from({ length: count }, (_, n) => message({ id: (n + 1) * 8 })));
    deps.engine.messages = few ?? [];
    const inside = (await get(`${PATH}?format=html`)).body;
    assert.equal(inside.split('<div data-message-text>').length - 1, 40);
    assert.doesNotMatch(inside, /data-text/);
    deps.engine.messages = many ?? [];
    const outside = (await get(`${PATH}?format=html&mask=1`)).body;
    assert.doesNotMatch(outside, /data-message-text/);
    assert.equal(outside.split(' data-text').length - 1, 41);
    const href = `${PATH}/message/328?mask=1`;
    assert.ok(outside.includes(`<a href="${href}" data-page data-text>`));
    const own = (await get(href, { accept: 'text/html' })).body;
    const textIn = (page: string): string | undefined => /<div data-message-text>[^]*?<\/pre><\/div>/.exec(page)?.[0];
    assert.ok(textIn(own));
    assert.equal(textIn(own), textIn(inside));
    assert.match(own, /<h1>Message INVITE<\/h1>/);
    assert.ok(own.includes(`href="${PATH}?around=${message().atUs}&amp;message=328#ladder"`));
  });

  test('a message has a page of its own by its id, in every form', async () => {
    const { get, deps } = client();
    const secret = 'Authorization: Digest response="7587245234b3434c"';
    deps.engine.messages = [message({ raw: `OPTIONS sip:a@b SIP/2.0\r\n${secret}\r\n\r\n` }), message(REPLY)];
    const { message: reply } = (await get(`${PATH}/message/8192?format=json`)).json<{
      message: CallMessageView & { at: string };
    }>();
    assert.deepEqual([reply.status, reply.raw, reply.at], [180, REPLY.raw, '2026-11-21T09:58:55.333456Z']);
    const text = (await get(`${PATH}/message/4096?format=text`)).body;
    assert.match(
      text,
      /^# HEP3\n[^]*\n=== 2026-11-21T09:58:55.123456Z 192[^]*\nAuthorization: Digest response="7587245234b3434c"\n$/,
    );
    for (const format of ['html', 'json', 'text'])
      assert.ok(!(await get(`${PATH}/message/4096?format=${format}&mask=1`)).body.includes('7587245'), format);
    assert.equal((await get(`${PATH}/message/16`)).statusCode, 404);
    assert.equal((await get('/call/another/message/4096')).statusCode, 404);
    for (const id of ['x', '-1', '1.5', '9'.repeat(16)])
      assert.equal((await get(`${PATH}/message/${id}`)).statusCode, 400, id);
  });

  test('two marked messages stand side by side, what differs marked within its line', async () => {
    const { get, deps } = client();
    const invite = (callId: string, cseq: number): string =>
      `INVITE sip:b@x SIP/2.0\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} INVITE\r\n\r\n`;
    deps.engine.messages = [
      message({ raw: invite('c', 1) }),
      message({ id: 8192, raw: invite('c', 2) }),
      message({ id: 12_288 }),
    ];
    const { body } = await get(`${PATH}?format=html&diff=4096&diff=8192&time=first`);
    assert.match(body, /1 of 5 lines differ/);
    assert.match(body, /<bdi>CSeq: <\/bdi><del><bdi>1<\/bdi><\/del><bdi> INVITE<\/bdi>/);
    assert.match(body, /<bdi>CSeq: <\/bdi><ins><bdi>2<\/bdi><\/ins><bdi> INVITE<\/bdi>/);
    assert.equal(body.split('checked').length - 1, 2);
    assert.ok(body.includes('<input type="hidden" name="time" value="first"/>'));
    assert.ok(body.includes(`href="${PATH}?time=first&amp;diff=4096%2C8192&amp;sorted=1#diff"`));
    assert.equal((await get(`${PATH}?format=html&diff=4096%2C8192`)).statusCode, 200);
    assert.doesNotMatch((await get(`${PATH}?format=html&diff=4096&diff=7`)).body, /id="diff"/);
  });

  test('a bad choice of how to draw, or of what to compare, is refused', async () => {
    const { get } = client();
    for (const query of ['colour=red', 'time=now', 'sdp=1', 'without=%3C', 'diff=x', 'diff=1,2,3', 'group=name'])
      assert.equal((await get(`${PATH}?${query}`)).statusCode, 400, query);
  });

  test('a leg that is left out keeps its letter and its way back', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message(), message({ id: 8192, callId: 'b-leg@198.51.100.2' })];
    const { body } = await get(`${PATH}?format=html&without=B&colour=leg`);
    assert.match(body, /aria-label="Ladder: 1 messages between 2 endpoints/);
    assert.match(body, /<strong>leg B<\/strong>/);
    assert.ok(body.includes(`href="${PATH}?colour=leg#ladder">draw</a>`));
    assert.match(body, /class="l-row hue0"/);
  });

  test('another call is drawn with it when its Call-ID is given, and can be taken away again', async () => {
    const { get, deps } = client();
    const other = message({ id: 8192, callId: 'other@x', atUs: message().atUs + 5 });
    const ask = deps.engine.callMessages.bind(deps.engine);
    const items = [message()];
    deps.engine.callMessages = async (callId, window) => {
      deps.engine.messages = callId === 'other@x' ? [other] : items;
      return ask(callId, window);
    };
    const { body } = await get(`${PATH}?format=html&with=other@x`);
    assert.match(body, /<strong>leg B<\/strong>.*?<bdi>added by hand<\/bdi>/);
    assert.ok(body.includes(`<a href="${PATH}#ladder">take away</a>`));
    assert.ok(body.includes('name="with" value="other@x"'));
    const { messages } = (await get(`${PATH}?format=json&with=other@x`)).json<{ messages: { id: number }[] }>();
    assert.deepEqual(
      messages.map(({ id }) => id),
      [4096, 8192],
    );
    assert.equal((await get(`${PATH}?with=1+2+3+4+5+6+7+8+9`)).statusCode, 400);
  });

  test('credentials are left out of every form when asked for', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message({ raw: 'INVITE sip:b SIP/2.0\r\nAuthorization: Basic c2VjcmV0\r\n\r\n' })];
    for (const format of ['html', 'text', 'json']) {
      assert.ok((await get(`${PATH}?format=${format}`)).body.includes('c2VjcmV0'), format);
      assert.ok(!(await get(`${PATH}?format=${format}&mask=1`)).body.includes('c2VjcmV0'), format);
    }
  });

  test('says what offer and answer came to, as page, text and JSON', async () => {
    const { get, deps } = client();
    const sdp = (address: string, direction: string): string =>
      `\r\n\r\nv=0\r\nc=IN IP4 ${address}\r\nm=audio 4000 RTP/AVP 8 0\r\na=${direction}\r\n`;
    deps.engine.messages = [
      message({ raw: `INVITE${sdp('192.0.2.1', 'sendonly')}` }),
      message({ ...REPLY, status: 200, sdp: message().sdp, raw: `SIP/2.0 200 OK${sdp('198.51.100.2', 'recvonly')}` }),
    ];
    const result = 'PCMA, on hold: only the offerer sends';
    assert.ok((await get(`${PATH}?format=html`)).body.includes(`<bdi>${result}</bdi>`));
    assert.ok((await get(PATH)).body.includes(`\n# media: INVITE -> 200 Ringing: ${result}\n`));
    assert.deepEqual((await get(`${PATH}?format=json`)).json<{ media: object[] }>().media, [
      { offer: 4096, answer: 8192, result, notes: [] },
    ]);
  });
});

suite('the files of a call', () => {
  test('are captures in either format, named after the call', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message()];
    for (const format of ['pcap', 'pcapng']) {
      const { statusCode, rawPayload, headers } = await get(`${PATH}/${format}`);
      assert.equal(statusCode, 200);
      assert.equal(rawPayload.toString(), `${format} of ${CALL_ID}`);
      assert.equal(headers['content-type'], 'application/vnd.tcpdump.pcap');
      assert.equal(
        headers['content-disposition'],
        `attachment; filename="call-a84b4c76e66710@pc33.example.com.${format}"`,
      );
    }
  });

  test('hold the calls that belong to it and those added by hand, or only those named', async () => {
    const { get, deps } = client();
    const leg = (callId: string) => ({ callId, reason: 'header' });
    deps.engine.calls = [
      call({ legs: [leg('b')] }),
      call({ callId: 'b' }),
      call({ callId: 'c', legs: [leg('d')] }),
      call({ callId: 'd' }),
    ];
    deps.engine.messages = [CALL_ID, 'b', 'c', 'd'].map((callId, id) => message({ id, callId }));
    const pcap = async (query: string): Promise<string> => (await get(`${PATH}/pcap${query}`)).body;
    assert.equal(await pcap(''), `pcap of ${CALL_ID}, b`);
    assert.equal(await pcap('?with=c'), `pcap of ${CALL_ID}, c, b, d`);
    assert.equal(await pcap('?legs=own&with=c'), `pcap of ${CALL_ID}, c`);
    assert.equal(await pcap('?legs=own'), `pcap of ${CALL_ID}`);
    const messages = async (query: string): Promise<number> =>
      [...(await get(`${PATH}/text${query}`)).body.matchAll(/^INVITE sip:/gm)].length;
    assert.deepEqual([await messages(''), await messages('?with=c'), await messages('?legs=own')], [2, 4, 1]);
    assert.equal((await get(`${PATH}/pcap?legs=some`)).statusCode, 400);
    const many = Array.from({ length: 17 }, (_, n) => n).join('+');
    assert.equal((await get(`${PATH}/pcap?with=${many}`)).statusCode, 400);
  });

  test('are offered of the legs that are drawn, and of each of them', async () => {
    const { get, deps } = client();
    deps.engine.messages = [CALL_ID, 'b', 'c'].map((callId, id) => message({ id, callId, atUs: 1e15 + id }));
    const files = async (query: string): Promise<string[]> =>
      [
        ...(await get(`${PATH}${query}`, { accept: 'text/html' })).body.matchAll(/href="(\/call\/[^"]*\/pcap[^"]*)"/g),
      ].map(([, href = '']) => href);
    assert.deepEqual(await files('?with=b+c'), [
      `${PATH}/pcap?with=b+c`,
      `${PATH}/pcapng?with=b+c`,
      `${PATH}/pcap?legs=own`,
      '/call/b/pcap?legs=own',
      '/call/c/pcap?legs=own',
    ]);
    assert.deepEqual((await files('?with=b+c&without=B')).slice(0, 1), [`${PATH}/pcap?legs=own&amp;with=c`]);
    assert.deepEqual((await files('?with=b+c&without=A')).slice(0, 1), ['/call/b/pcap?legs=own&amp;with=c']);
  });

  test('or text, whatever the client would like', async () => {
    const { get, deps } = client();
    deps.engine.messages = [message()];
    const text = await get(`${PATH}/text`, { accept: 'text/html' });
    assert.equal(text.statusCode, 200);
    assert.match(String(text.headers['content-type']), /^text\/plain/);
    assert.equal(text.body, (await get(`${PATH}?format=text`)).body);
  });

  test('are not there where nothing is held, and a Call-ID cannot break the name', async () => {
    const { get, deps } = client();
    for (const file of ['pcap', 'pcapng', 'text']) assert.equal((await get(`/call/unknown/${file}`)).statusCode, 404);
    // An event is all that is left of a call: there is text, but no message to be captured.
    deps.engine.messages = [];
    assert.equal((await get(`${PATH}/pcap`)).statusCode, 404);
    deps.engine.messages = [message({ callId: HOSTILE })];
    const { headers, statusCode } = await get(`/call/${encodeURIComponent(HOSTILE)}/pcap`);
    assert.equal(statusCode, 200);
    assert.match(String(headers['content-disposition']), /^attachment; filename="call-[\w.@-]+\.pcap"$/);
  });
});
