import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import { browserObstacle, foreignMarkup, openBrowser, openPage, overflow } from './browser.ts';
import { hepPacket, send } from './traffic.ts';

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

/** Octets that are no UTF-8, controls, and marks that turn text around, beside ends of markup. */
const AGENT = Buffer.concat([
  Buffer.from('\u202egnp.exe\u200b \u0000\u001b[31m <b>'),
  Buffer.from([0xff, 0xfe, 0xc3]),
  Buffer.from('</b>'),
]);
/** What a reader must see of it: what has no sight of its own as escapes, what is no text as U+FFFD. */
const AGENT_SEEN = '\\u{202e}gnp.exe\\u{200b} \\x00\\x1b[31m <b>\ufffd\ufffd\ufffd</b>';

const LONG = `X-Long: ${'<b>"'.repeat(14_000)}`;

function request(method: string, id: string, breaker: string, more: readonly (string | Buffer)[] = []): Buffer {
  const user = breaker.replaceAll(/[<>"@ ]/g, '');
  const lines: (string | Buffer)[] = [
    `${method} sip:${user}@example.net SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK' + id.length,
    `From: "${breaker.replaceAll('"', '\\"')}" <sip:from-${user}@example.com>;tag=f`,
    `To: <sip:to-${user}@example.net>`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:contact-${user}@192.0.2.10>`,
    Buffer.concat([Buffer.from('User-Agent: '), AGENT]),
    ...more,
    'Content-Length: 0',
    '',
    '',
  ];
  return Buffer.concat(
    lines.flatMap((line, index) => [...(index > 0 ? [Buffer.from('\r\n')] : []), Buffer.from(line)]),
  );
}

function reply(to: Buffer, status: number, reason: string): Buffer {
  // The reply repeats Via, From, To, Call-ID, CSeq and Contact, as octets.
  const text = to.toString('latin1');
  const headers = text.slice(text.indexOf('\r\n')).replace('\r\nTo: <', '\r\nExpires: 600\r\nTo: <');
  const start = Buffer.from(`SIP/2.0 ${status} ${reason}`).toString('latin1');
  return Buffer.from(`${start}${headers.replace(/(\r\nTo: [^\r]*)/, '$1;tag=t')}`, 'latin1');
}

const back = { src: '192.0.2.20', dst: '192.0.2.10' };
const packets = BREAKERS.flatMap((breaker, n) => {
  const id = callId(breaker, n);
  const invite = request('INVITE', id, breaker, n === 0 ? [LONG] : []);
  const register = request('REGISTER', `reg-${id}`, breaker);
  const node = { nodeName: breaker, captureId: 100 + n, correlationId: breaker };
  return [
    hepPacket(invite, node),
    hepPacket(reply(invite, 486, breaker), { ...node, ...back }),
    hepPacket(register, node),
    hepPacket(reply(register, 200, breaker), { ...node, ...back }),
  ];
});

/** Texts of the smallest elements that hold what one looks for. */
async function textsWith(page: Page, selector: string, part: string): Promise<string[]> {
  const texts = await page.locator(selector).allTextContents();
  return texts.filter((text) => text.includes(part));
}

test('captured text is shown as it is and never acts, on any page it reaches', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector();
  const browser = await openBrowser();
  try {
    await send(collector, packets);
    const counters = await collector.counters();
    assert.equal(counters.get('ingest.tracked'), packets.length, 'nothing of this is malformed SIP');
    const origin = `http://127.0.0.1:${collector.http}`;
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const { page, complaints } = await openPage(context, origin);
    const open = async (path: string): Promise<void> => {
      await page.goto(origin + path);
      assert.deepEqual(await foreignMarkup(page), [], path);
      assert.equal(await overflow(page), 0, path);
      assert.deepEqual(complaints, [], path);
    };

    for (const [n, breaker] of BREAKERS.entries()) {
      const id = callId(breaker, n);
      await t.test(`a call named ${id}`, async () => {
        await open(`/call/${encodeURIComponent(id)}`);
        assert.match(await page.title(), new RegExp(`^Call ${n}-`));
        assert.ok((await textsWith(page, 'bdi', breaker)).length > 0, 'reason');
        const raw = (await page.locator('pre').allTextContents()).join('\n');
        for (const line of [`Call-ID: ${id}`, `SIP/2.0 486 ${breaker}`, `User-Agent: ${AGENT_SEEN}`]) {
          assert.ok(raw.split('\n').includes(line), `${line}\n${raw.slice(0, 2000)}`);
        }
        if (n === 0) assert.ok(raw.includes(LONG.slice(0, 1000)));
      });
    }

    const lists = ['/calls/list', '/events', '/regs/list', '/hep/list', '/evrateblst/list', '/links', '/', '/audit'];
    for (const path of lists) await t.test(path, () => open(path));

    await t.test('every call is in the list under its own name', async () => {
      await open('/calls/list');
      const shown = await page.locator('bdi').allTextContents();
      for (const [n, breaker] of BREAKERS.entries()) {
        assert.ok(shown.includes(callId(breaker, n)), breaker);
        assert.ok(shown.includes(`sip:from-${breaker.replaceAll(/[<>"@ ]/g, '')}@example.com`), breaker);
      }
    });

    await t.test('agents have their names', async () => {
      await open('/hep/list');
      const shown = await page.locator('bdi').allTextContents();
      for (const breaker of BREAKERS)
        assert.ok(
          shown.some((text) => text.includes(breaker)),
          breaker,
        );
    });

    await t.test('what is asked for is repeated as text', async () => {
      for (const breaker of BREAKERS) {
        const text = encodeURIComponent(breaker);
        for (const path of [
          '/calls/list?cid=',
          '/events?cid=',
          '/regs/list?aor=',
          '/no/',
          '/call/',
          '/login?next=/',
          '/calls/list?format=',
        ])
          await open(path + text);
      }
    });
  } finally {
    await browser.close();
    await collector.stop();
  }
});
