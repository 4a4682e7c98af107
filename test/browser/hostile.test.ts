import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SITE_MAP } from '../../src/http/site-map.ts';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import { browserObstacle, foreignMarkup, openBrowser, openPage, overflow } from './browser.ts';
import { hepPacket, playProbe, send } from './traffic.ts';

/** Ends of every context text may stand in, and what would run there. */
const BREAKERS = [
  '<script>hit=1</script>',
  `"'><img src=x onerror=hit=1>`,
  `'onmouseover='hit=1' autofocus onfocus='hit=1`,
  '</title></pre></textarea><svg onload=hit=1>',
  'javascript:hit=1',
  '&lt;b&gt;&#60;i&#62;',
] as const;

/** A word of RFC 3261 may hold all of these but spaces; it makes a Call-ID. */
const callId = (breaker: string, n: number): string => `${n}-${breaker.replaceAll(/[ &]/g, '')}`;

/** Where something asked for is repeated. */
const ASKED = [
  '/calls/list?cid=',
  '/calls/list?q=',
  '/calls/list?q=from:%22',
  '/events?cid=',
  '/events?q=',
  '/regs/list?aor=',
  '/no/',
  '/call/',
  '/login?next=/',
  '/calls/list?format=',
  '/?',
];

/** Octets that are no UTF-8, controls, and marks that turn text around, beside ends of markup. */
const AGENT = Buffer.concat([
  Buffer.from('\u202egnp.exe\u200b \u0000\u001b[31m <b>'),
  Buffer.from([0xff, 0xfe, 0xc3]),
  Buffer.from('</b>'),
]);
/** What a reader must see of it: what has no sight of its own as escapes, what is no text as U+FFFD. */
const AGENT_SEEN = '\\u{202e}gnp.exe\\u{200b} \\x00\\x1b[31m <b>\ufffd\ufffd\ufffd</b>';

/** As long as a datagram lets it be. */
const LONG = `X-Long: ${'<b>"'.repeat(15_000)}`;

/** What a SIP URI, a token and a name in SDP may hold of it. */
const userOf = (breaker: string): string => breaker.replaceAll(/[<>"@ ]/g, '');
const tokenOf = (breaker: string): string => breaker.replaceAll(/[^\w'!%*+`~.-]/g, '');
const codecOf = (breaker: string): string => breaker.replaceAll(/[ /]/g, '');

/** What must be on a page exactly as it was sent, by the field it came in. */
const SHOWN: readonly (readonly [field: string, text: (breaker: string, n: number) => string])[] = [
  ['From', (breaker) => `sip:from-${userOf(breaker)}@example.com`],
  ['To', (breaker) => `sip:to-${userOf(breaker)}@example.net`],
  ['Request-URI', (breaker) => `sip:${userOf(breaker)}@example.net`],
  ['Contact', (breaker) => `sip:contact-${userOf(breaker)}@192.0.2.10`],
  ['From-tag', (breaker) => `f-${tokenOf(breaker)}`],
  ['To-tag', (breaker) => `t-${tokenOf(breaker)}`],
  ['Call-ID', callId],
  ['Call-ID of another leg', (breaker, n) => `leg-${callId(breaker, n)}`],
  ['reason phrase', (breaker) => breaker],
  ['method', (breaker) => `X${tokenOf(breaker)}`],
  ['User-Agent', () => AGENT_SEEN],
  ['node name', (breaker) => `node ${breaker}`],
  ['correlation id', (breaker) => `chunk ${breaker}`],
  ['name of an SBC', () => SBC],
];
const SBC = `sbc"><script>hit=1</script>`;

function request(method: string, id: string, breaker: string, more: readonly (string | Buffer)[] = []): Buffer {
  const user = userOf(breaker);
  const sdp = `v=0\r\no=${user} 1 1 IN IP4 192.0.2.10\r\ns=${breaker}\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 ${codecOf(breaker)}/8000\r\n`;
  const body = method === 'INVITE' ? sdp : '';
  const lines: (string | Buffer)[] = [
    `${method} sip:${user}@example.net SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK${id.length}${tokenOf(breaker)}`,
    `From: "${breaker.replaceAll('"', '\\"')}" <sip:from-${user}@example.com>;tag=f-${tokenOf(breaker)}`,
    `To: <sip:to-${user}@example.net>`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:contact-${user}@192.0.2.10>`,
    `X-CID: leg-${id}`,
    Buffer.concat([Buffer.from('User-Agent: '), AGENT]),
    ...more,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ];
  return Buffer.concat(
    lines.flatMap((line, index) => [...(index > 0 ? [Buffer.from('\r\n')] : []), Buffer.from(line)]),
  );
}

function reply(to: Buffer, status: number, reason: string, tag: string): Buffer {
  // The reply repeats Via, From, To, Call-ID, CSeq and Contact, as octets.
  const text = to.toString('latin1');
  const headers = text.slice(text.indexOf('\r\n')).replace('\r\nTo: <', '\r\nExpires: 600\r\nTo: <');
  const start = Buffer.from(`SIP/2.0 ${status} ${reason}`).toString('latin1');
  return Buffer.from(`${start}${headers.replace(/(\r\nTo: [^\r]*)/, `$1;tag=${tag}`)}`, 'latin1');
}

const back = { src: '192.0.2.20', dst: '192.0.2.10' };
const packets = BREAKERS.flatMap((breaker, n) => {
  const id = callId(breaker, n);
  const tag = `t-${tokenOf(breaker)}`;
  const invite = request('INVITE', id, breaker, n === 0 ? [LONG] : []);
  const register = request('REGISTER', `reg-${id}`, breaker);
  const other = request(`X${tokenOf(breaker)}`, `other-${id}`, breaker);
  const node = { nodeName: `node ${breaker}`, captureId: 100 + n, correlationId: `chunk ${breaker}` };
  return [
    hepPacket(invite, node),
    hepPacket(reply(invite, 486, breaker, tag), { ...node, ...back }),
    hepPacket(register, node),
    hepPacket(reply(register, 200, breaker, tag), { ...node, ...back }),
    hepPacket(other, node),
  ];
});

/** What a page says, and what would be said of it when one points there. */
const SAID = `[...document.querySelectorAll('bdi')].map((said) => said.textContent)
  .concat([...document.querySelectorAll('[title]')].map((element) => element.title))`;
/** Marks that turn text around and controls, which must never be in a page. */
const UNSEEN = `/[\\u0000-\\u0008\\u001b\\u200b\\u202a-\\u202e\\u2066-\\u2069]/.test(document.documentElement.outerHTML)`;

test('captured text is shown as it is and never acts, on any page it reaches', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector();
  const browser = await openBrowser();
  try {
    await send(collector, packets);
    const counters = await collector.counters();
    assert.equal(counters.get('ingest.tracked'), packets.length, 'nothing of this is malformed SIP');
    const probe = await playProbe(collector, SBC);
    const origin = `http://127.0.0.1:${collector.http}`;
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const { page, complaints } = await openPage(context, origin);
    /** Texts of all pages so far. */
    const said = new Set<string>();
    const open = async (path: string): Promise<void> => {
      await page.goto(origin + path);
      assert.deepEqual(await foreignMarkup(page), [], path);
      assert.equal(await page.evaluate<boolean>(UNSEEN), false, path);
      assert.equal(await overflow(page), 0, path);
      assert.deepEqual(complaints, [], path);
      for (const text of await page.evaluate<string[]>(SAID)) said.add(text);
    };

    for (const [n, breaker] of BREAKERS.entries()) {
      const id = callId(breaker, n);
      await t.test(`a call named ${id}`, async () => {
        await open(`/call/${encodeURIComponent(id)}?sdp=all`);
        assert.match(await page.title(), new RegExp(`^Call ${n}-`));
        const raw = (await page.locator('pre').allTextContents()).join('\n');
        const codec = `a=rtpmap:96 ${codecOf(breaker)}/8000`;
        for (const line of [
          `Call-ID: ${id}`,
          `SIP/2.0 486 ${breaker}`,
          `User-Agent: ${AGENT_SEEN}`,
          codec,
          `s=${breaker}`,
        ]) {
          assert.ok(raw.split('\n').includes(line), `${line}\n${raw.slice(0, 2000)}`);
        }
        await open(`${await page.locator('a[data-page]').first().getAttribute('href')}`);
        for (const text of [`chunk ${breaker}`, breaker, `sip:from-${userOf(breaker)}@example.com`])
          assert.ok(said.has(text), text);
        if (n === 0) assert.ok(raw.includes(LONG.slice(0, 1000)));
        assert.ok(
          [...said].some((text) => text.includes(codecOf(breaker))),
          'codec',
        );
      });
    }

    // What is for programs is no page of ours in a browser.
    const isForPrograms = (path: string): boolean => path.endsWith('.json') || path === '/metrics';
    const paths = SITE_MAP.map(({ path }) => path).filter((path) => !path.includes('?') && !isForPrograms(path));
    for (const path of ['/', ...paths]) await t.test(path, () => open(path));

    await t.test('every field is on a page, as it was sent', () => {
      for (const [field, text] of SHOWN) {
        for (const [n, breaker] of BREAKERS.entries()) {
          assert.ok(said.has(text(breaker, n)), `${field}: ${text(breaker, n)}`);
        }
      }
    });

    const all = encodeURIComponent(BREAKERS.join(' '));
    for (const path of ASKED) await t.test(`what is asked for is repeated as text: ${path}`, () => open(path + all));
    await probe.stop();
  } finally {
    await browser.close();
    await collector.stop();
  }
});
