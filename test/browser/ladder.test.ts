import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocked } from '../interop/tools.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { readMessage, type ScenarioMessage } from '../tracker/scenario.ts';
import { accessibilityFaults, browserObstacle, openBrowser, openPage, overflow } from './browser.ts';
import { arrowsOf, isCaptured, rowsOf } from './ladder-page.ts';
import { packetsOf, send } from './traffic.ts';

/** What has gone on a minute ago: whatever is still missing then will not come. */
const startUs = (Math.floor(Date.now() / 1000) - 60) * 1e6;

/** A session description with one audio line; what is given stands behind it. */
function description(address: string, codec: number, ...more: string[]): string {
  return ['v=0', 's=-', `c=IN IP4 ${address}`, 't=0 0', `m=audio 4000 RTP/AVP ${codec}`, ...more, ''].join('\r\n');
}

/** A message with that body in the place of its own. */
function withBody(line: string, body: string): ScenarioMessage {
  const message = readMessage(line);
  const head = message.text.slice(0, message.text.indexOf('Content-Type'));
  const text = `${head}Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return { ...message, text };
}

/** A line of a scenario; `>` and a codec, or more, behind it make a body of its sender. */
function flow(id: string, ...lines: (string | [line: string, codec: number, ...more: string[]])[]): ScenarioMessage[] {
  return lines.map((given) => {
    if (typeof given === 'string') return readMessage(`${given} id=${id}`);
    const [line, codec, ...more] = given;
    const address = readMessage(line).from;
    return withBody(`${line} sdp id=${id}`, description(address, codec, ...more));
  });
}

/** Offers, answers and what they come to; PCMU is payload type 0, PCMA 8 (RFC 3551 §6). */
const AGREEMENTS: readonly (readonly [title: string, messages: ScenarioMessage[], rows: string[]])[] = [
  [
    'a late offer is answered in the ACK',
    flow('late', '0.0 A>B INVITE/1 f=a', ['1.0 B>A 200/1 f=a t=b', 8], ['1.1 A>B ACK/1 f=a t=b', 8]),
    ['200 Reason 200|ACK|PCMA, both ways'],
  ],
  [
    'a late offer of a provisional reply is answered in its PRACK',
    flow(
      'prack',
      '0.0 A>B INVITE/1 f=a',
      ['0.1 B>A 183/1 f=a t=b', 8],
      ['0.2 A>B PRACK/2 f=a t=b', 8],
      '0.3 B>A 200/2/PRACK f=a t=b',
      '1.0 B>A 200/1 f=a t=b',
      '1.1 A>B ACK/1 f=a t=b',
    ),
    ['183 Reason 183|PRACK|PCMA, both ways'],
  ],
  [
    'an UPDATE changes what was agreed before the answer',
    flow(
      'update',
      ['0.0 A>B INVITE/1 f=a', 8],
      ['0.1 B>A 183/1 f=a t=b', 8],
      ['0.4 A>B UPDATE/3 f=a t=b', 0],
      ['0.5 B>A 200/3/UPDATE f=a t=b', 0],
      '1.0 B>A 200/1 f=a t=b',
      '1.1 A>B ACK/1 f=a t=b',
    ),
    ['INVITE|183 Reason 183|PCMA, both ways', 'UPDATE|200 Reason 200|PCMU, both ways'],
  ],
  [
    'two branches of a fork answer each for itself',
    flow('fork', ['0.0 A>B INVITE/1 f=a', 8], ['0.1 B>A 183/1 f=a t=b', 8], ['0.2 C>A 183/1 f=a t=c', 8, 'a=inactive']),
    ['INVITE|183 Reason 183|PCMA, both ways', 'INVITE|183 Reason 183|PCMA, on hold both ways'],
  ],
  [
    'a re-INVITE puts the call on hold',
    flow(
      'hold',
      ['0.0 A>B INVITE/1 f=a', 8],
      ['1.0 B>A 200/1 f=a t=b', 8],
      '1.1 A>B ACK/1 f=a t=b',
      ['3.0 B>A INVITE/1 f=b t=a', 8, 'a=sendonly'],
      ['3.1 A>B 200/1 f=b t=a', 8, 'a=recvonly'],
      '3.2 B>A ACK/1 f=b t=a',
    ),
    ['INVITE|200 Reason 200|PCMA, both ways', 're-INVITE|200 Reason 200|PCMA, on hold: only the offerer sends'],
  ],
];

/** Caller, proxy, callee; the 200 comes twice, then nothing for long, then keep-alives. */
const PROXIED = [
  '0.000 A>P INVITE/1 f=a id=proxied',
  '0.002 P>B INVITE/1 f=a id=proxied',
  '0.200 B>P 200/1 f=a t=b id=proxied',
  '0.202 P>A 200/1 f=a t=b id=proxied',
  '0.702 P>A 200/1 f=a t=b id=proxied',
  '0.800 A>P ACK/1 f=a t=b id=proxied',
  '0.802 P>B ACK/1 f=a t=b id=proxied',
  ...[20, 22, 24].flatMap((second, n) => [
    `${second}.00 A>P OPTIONS/${n + 2} f=a t=b id=proxied`,
    `${second}.01 P>A 200/${n + 2}/OPTIONS f=a t=b id=proxied`,
  ]),
].map(readMessage);

/** Size of the picture in the clipboard, and how many of its pixels have the colour that INVITEs have in the file. */
const INK_OF_CLIPBOARD = `(async () => {
  const [item] = await navigator.clipboard.read();
  const picture = await createImageBitmap(await item.getType('image/png'));
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  let blue = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === 0x0a && data[at + 1] === 0x56 && data[at + 2] === 0x9c) blue++;
  }
  return { size: [picture.width, picture.height], blue };
})()`;

/** P is the sixteenth host. */
const PROXY = '192.0.2.16';

test('a ladder is drawn as its reader wants it', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector({ max_clock_skew: '2h', aliases: `${PROXY}=edge;ours` });
  const origin = `http://127.0.0.1:${collector.http}`;
  const folder = mkdtempSync(join(tmpdir(), 'ladder-'));
  const browser = await openBrowser();
  let second: Collector | undefined;
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    const { page, complaints } = await openPage(context, origin);
    const ladder = page.getByRole('region', { name: 'Ladder' });
    const heads = async (): Promise<string[]> =>
      (await ladder.locator('.l-head .l-name').allTextContents()).map((text) => text.trim());
    const [A, B] = ['192.0.2.1:5060', '192.0.2.2:5060'];
    await send(collector, packetsOf(PROXIED, startUs));

    await t.test('a host goes by its alias, and by its address when the key says so', async () => {
      await page.goto(`${origin}/call/proxied`);
      assert.deepEqual(await heads(), [A, 'edge', B]);
      await ladder.locator('.l-head text', { hasText: `proxy, ${PROXY}:5060` }).waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.keyboard.press('a');
      await ladder.locator('.l-name', { hasText: `${PROXY}:5060` }).waitFor();
      await page.goto(`${origin}/calls/list?q=alias:edge`);
      await page.getByRole('link', { name: 'proxied', exact: true }).first().waitFor();
      assert.equal(await page.getByText('edge', { exact: true }).count(), 0);
      await page.keyboard.press('a');
      await page.getByRole('button', { name: 'Shown: aliases' }).waitFor();
      await page.goto(`${origin}/links`);
      await page.getByText('edge', { exact: true }).first().waitFor();
    });

    await t.test('hosts are moved and left out by links, by dragging, and the address remembers it', async () => {
      await page.goto(`${origin}/call/proxied`);
      await ladder.getByRole('link', { name: 'Move edge to the left' }).click();
      await page.waitForURL(/order=/);
      assert.deepEqual(await heads(), ['edge', A, B]);
      const [from, to] = await Promise.all(
        [B, 'edge'].map((name) => ladder.locator('.l-head', { hasText: name }).boundingBox()),
      );
      assert.ok(from && to);
      await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
      await page.mouse.down();
      await page.mouse.move(to.x + 5, to.y + to.height / 2);
      await page.mouse.up();
      await page.waitForURL(/order=192\.0\.2\.2/);
      assert.deepEqual(await heads(), [B, 'edge', A]);
      await ladder.getByRole('link', { name: `Leave out ${B}` }).click();
      await page.waitForURL(/hide=/);
      assert.deepEqual(await heads(), ['edge', A]);
      assert.equal((await rowsOf(page)).filter(isCaptured).length, PROXIED.length - 3);
      await page.getByRole('listitem').filter({ hasText: 'left out:' }).getByRole('link', { name: 'draw' }).click();
      await page.getByRole('link', { name: 'Hosts in order of appearance' }).click();
      await page.waitForURL((url) => !/order|hide/.test(url.search));
      assert.deepEqual(await heads(), [A, 'edge', B]);
    });

    await t.test('a long pause is marked, and repeats are a count when the key says so', async () => {
      await page.goto(`${origin}/call/proxied`);
      const pauses = ladder.locator('.l-break title');
      assert.deepEqual(await pauses.allTextContents(), ['nothing for 19.198 s']);
      assert.equal((await arrowsOf(page)).length, PROXIED.length);
      await page.keyboard.press('R');
      await page.waitForURL(/fold=1/);
      await ladder.getByText('OPTIONS × 3').waitFor();
      // The second 200, and two of three OPTIONS with their replies.
      assert.equal((await arrowsOf(page)).length, PROXIED.length - 5);
      await page.keyboard.press('g');
      await page.waitForURL(/pauses=scaled/);
    });

    for (const [title, messages, rows] of AGREEMENTS) {
      await t.test(`offer and answer: ${title}`, async () => {
        await send(collector, packetsOf(messages, startUs));
        const [first] = messages;
        await page.goto(`${origin}/call/${/Call-ID: (\S+)/.exec(first?.text ?? '')?.[1]}`);
        const table = page.getByRole('region', { name: 'Session descriptions' });
        const cells = await Promise.all(
          ['Offer', 'Answer', 'Agreed upon'].map((name) => table.locator(`td[data-label="${name}"]`).allTextContents()),
        );
        const said = rows.map((_, row) => cells.map((column) => column[row]?.trim()).join('|'));
        assert.deepEqual(said, rows);
        assert.equal(cells[0]?.length, rows.length);
        const last = rows.at(-1)?.split('|').at(-1) ?? '';
        assert.ok((await rowsOf(page)).some(({ more }) => more.includes(`agreed: ${last}`)));
      });
    }

    await t.test('what a phone measured is drawn when the key says so', async () => {
      const bye = readMessage('5.0 A>B BYE/2 f=a t=b id=late');
      const text = bye.text.replace('\r\nCSeq', '\r\nX-RTP-Stat: PS=200,PR=190,PL=10,JI=3,EN=PCMA\r\nCSeq');
      await send(collector, packetsOf([{ ...bye, text }], startUs));
      await page.goto(`${origin}/call/late`);
      assert.equal(await ladder.getByText('RTP PCMA').count(), 0);
      await page.keyboard.press('m');
      await page.waitForURL(/media=1/);
      await ladder.getByText('sent 200 · received 190 · lost 10 · jitter 3').first().waitFor();
    });

    await t.test('a message is searched, folded, shown with its envelope, and without its credentials', async () => {
      const register = readMessage('0.0 A>B REGISTER/1 f=a id=secret');
      const digest = 'Authorization: Digest username="a", nonce="n1", response="7587245234b3434c"';
      const text = register.text.replace('\r\nCSeq', `\r\n${digest}\r\nCSeq`);
      await send(collector, packetsOf([{ ...register, text }], startUs));
      await page.goto(`${origin}/call/secret`);
      await page.keyboard.press('j');
      const pane = page.getByRole('complementary', { name: 'Selected message' });
      await pane.getByText('without Max-Forwards').waitFor();
      await pane.getByRole('searchbox').fill('USERNAME="a"');
      await pane.getByText('1 of 1').waitFor();
      await pane.getByRole('searchbox').fill('nothing of the kind');
      await pane.getByText('not found').waitFor();
      const credentials = pane.locator('.minor', { hasText: '7587245234b3434c' });
      assert.ok(await credentials.isVisible());
      await pane.getByText('Parts', { exact: true }).click();
      await pane
        .getByRole('group')
        .filter({ hasText: 'digest of the password' })
        .first()
        .waitFor({ state: 'attached' });
      await pane.getByText('Envelope', { exact: true }).click();
      await pane.getByRole('listitem').filter({ hasText: 'capture agent id' }).waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      await pane.getByRole('button', { name: 'All headers' }).click();
      assert.ok(!(await credentials.isVisible()));
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'masked' }).click();
      await page.waitForURL(/mask=1/);
      assert.ok(!(await page.content()).includes('7587245234b3434c'));
      assert.ok(
        !(await (await page.request.get(`${page.url().split('#')[0]}&format=text`)).text()).includes('7587245'),
      );
    });

    await t.test('the capture of a call, played to another collector, is the same ladder', async () => {
      await page.goto(`${origin}/call/proxied`);
      const drawn = await arrowsOf(page);
      const file = join(folder, 'call.pcap');
      writeFileSync(file, await (await page.request.get(`${origin}/call/proxied/pcap`)).body());
      second = await startCollector({ pcap: file, aliases: `${PROXY}=edge` });
      await second.received(PROXIED.length);
      const { page: other, complaints: others } = await openPage(context, `http://127.0.0.1:${second.http}`);
      await other.goto(`http://127.0.0.1:${second.http}/call/proxied`);
      assert.deepEqual(await arrowsOf(other), drawn);
      assert.deepEqual(others, []);
      await other.close();
    });

    await t.test('the ladder is saved and copied as a picture, two pixels for one of the drawing', async () => {
      await page.goto(`${origin}/call/proxied`);
      const svg = await (await page.request.get(`${origin}/call/proxied?format=svg`)).text();
      const size = (/ width="(\d+)" height="(\d+)"/.exec(svg) ?? []).slice(1).map((text) => 2 * Number(text));
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'PNG', exact: true }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'call-proxied.png');
      const png = readFileSync(await download.path());
      // Signature and header of a PNG (ISO/IEC 15948 §5.2, §11.2.2).
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], size);
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
      await page.getByRole('button', { name: 'copy as PNG' }).click();
      await page.getByRole('status').getByText('copied').waitFor();
      const copied = await page.evaluate<{ size: number[]; blue: number }>(INK_OF_CLIPBOARD);
      assert.deepEqual(copied.size, size);
      assert.ok(copied.blue > 500, `${copied.blue} pixels of the colour of an INVITE`);
    });

    await t.test('a call that is shared has the same ladder under a short link', async () => {
      await page.goto(`${origin}/call/proxied?fold=1`);
      await page.getByRole('link', { name: 'short link' }).click();
      await page.getByRole('button', { name: 'Keep it under a short link' }).click();
      await page.getByRole('status').getByRole('link').click();
      await page.waitForURL(/\/s\/[\w-]{12}$/);
      assert.equal((await arrowsOf(page)).length, PROXIED.length);
      await page.keyboard.press('R');
      await page.waitForURL(/\/s\/[\w-]{12}\?fold=1/);
      await ladder.getByText('OPTIONS × 3').waitFor();
    });

    await t.test('on a phone nothing but the ladder itself is wider than the window', async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`${origin}/call/proxied?fold=1`);
      await page.keyboard.press('j');
      await page.getByRole('complementary', { name: 'Selected message' }).waitFor();
      assert.equal(await overflow(page), 0);
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await second?.stop();
    await collector.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
