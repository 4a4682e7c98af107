import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp } from '../../src/model/endpoint.ts';
import { Method } from '../../src/model/method.ts';
import { Packet } from '../../src/model/packet.ts';
import { Transport } from '../../src/model/transport.ts';
import { Call } from '../../src/tracker/call.ts';
import { firstHopOf, type Hop, hopRowsOf, hopsOf, inheritHop, MAX_HOPS, recordHop } from '../../src/tracker/hops.ts';
import { classify, isKnown, Repeat } from '../../src/tracker/repeats.ts';
import { CallRows, half, Row, RowPages, setHalf, SIGHTINGS } from '../../src/tracker/rows.ts';
import { sourceOf } from '../../src/tracker/views.ts';

const DUP_WINDOW_US = 50_000;

function callIn(rows: CallRows): Call {
  const slot = rows.take();
  return new Call(1, 1, rows.page(slot), slot, Method.INVITE, '', '');
}

/** A packet from one address to another, ports as given. */
function packet(from: string, to: string, port: number, networkInterface = -1): Packet {
  const made = new Packet(Buffer.alloc(0));
  const src = parseIp(from) ?? assert.fail();
  const dst = parseIp(to) ?? assert.fail();
  made.family = src.family;
  [made.src0, made.src1, made.src2, made.src3] = src.words;
  [made.dst0, made.dst1, made.dst2, made.dst3] = dst.words;
  made.srcPort = port;
  made.dstPort = 5060;
  made.transport = Transport.UDP;
  made.interface = networkInterface;
  made.vlan = networkInterface < 0 ? -1 : 7;
  return made;
}

const sources = (hops: readonly Hop[]): string[] =>
  hops.map((hop) => `${sourceOf(hop).ip}:${hop.srcPort} ${hop.observers} ${hop.messages} ${hop.interface}`);

test('a row that was given back is handed out again, cleared; others stay as they are', () => {
  const pages = new RowPages(3);
  const rows = Array.from({ length: 2000 }, () => pages.take());
  for (const row of rows) pages.page(row).fill(row, pages.base(row), pages.base(row) + 3);
  pages.release(7);
  pages.release(1500);
  const again = [pages.take(), pages.take()];
  assert.deepEqual(again, [1500, 7]);
  for (const row of rows) {
    const values = [...pages.page(row).subarray(pages.base(row), pages.base(row) + 3)];
    assert.deepEqual(values, again.includes(row) ? [0, 0, 0] : [row, row, row]);
  }
  assert.equal(pages.take(), 2001);
});

test('the halves of an integer are two numbers', () => {
  const row = new Int32Array(1);
  setHalf(row, 0, 1, 65_535);
  setHalf(row, 0, 0, 699);
  setHalf(row, 0, 1, 487);
  assert.deepEqual([half(row, 0, 0), half(row, 0, 1)], [699, 487]);
});

test('hops are told in order of appearance, with IPv6 and interfaces among them, whatever the first one is', () => {
  const links = [
    packet('192.0.2.1', '192.0.2.2', 1),
    packet('2001:db8::1', '2001:db8::2', 2),
    packet('192.0.2.1', '192.0.2.2', 3, 0xfffe),
    packet('2001:db8::1', '2001:db9::2', 2),
    packet('198.51.100.200', '203.0.113.255', 65_535),
  ];
  const told = [
    '192.0.2.1:1 3 2 -1',
    '2001:db8::1:2 3 2 -1',
    `192.0.2.1:3 3 2 ${0xfffe * 65_536 + 7}`,
    '2001:db8::1:2 3 2 -1',
    '198.51.100.200:65535 3 2 -1',
  ];
  for (let shift = 0; shift < links.length; shift++) {
    const order = [...links.slice(shift), ...links.slice(0, shift)];
    const rows = new CallRows();
    const call = callIn(rows);
    assert.equal(firstHopOf(call), undefined);
    for (const link of order) recordHop(call, link, true, 1, true);
    for (const link of order) {
      // The answer on the same link.
      const back = Object.assign(new Packet(Buffer.alloc(0)), link);
      [back.src0, back.src1, back.src2, back.src3] = [link.dst0, link.dst1, link.dst2, link.dst3];
      [back.dst0, back.dst1, back.dst2, back.dst3] = [link.src0, link.src1, link.src2, link.src3];
      [back.srcPort, back.dstPort] = [link.dstPort, link.srcPort];
      recordHop(call, back, false, 2, true);
    }
    const expected = [...told.slice(shift), ...told.slice(0, shift)];
    assert.deepEqual(sources(hopsOf(call)), expected);
    assert.deepEqual(firstHopOf(call), hopsOf(call)[0]);
    const fork = callIn(rows);
    inheritHop(fork, call);
    assert.deepEqual(sources(hopsOf(fork)), [expected[0]?.replace(' 3 2 ', ' 0 0 ')]);
  }
});

test('hops beyond the most recorded are counted, and a call that ends gives all its rows back', () => {
  const rows = new CallRows();
  const call = callIn(rows);
  for (let port = 1; port <= MAX_HOPS + 3; port++)
    recordHop(call, packet('192.0.2.1', '192.0.2.2', port), true, 1, true);
  call.lengthen();
  assert.equal(hopsOf(call).length, MAX_HOPS);
  assert.equal(hopRowsOf(call), MAX_HOPS - 1);
  assert.equal(call.hopsLeftOut, 3);
  const { spareBytes } = rows;
  rows.release(call.slot);
  // Its row of 61 integers and 6 times, its second one of 23 integers, and 15 hops of 13.
  assert.equal(rows.spareBytes - spareBytes, 61 * 4 + 6 * 8 + 23 * 4 + 15 * 13 * 4);
});

test('as many sightings as are kept tell repeats apart, in both rows; the one after pushes out the oldest', () => {
  const call = callIn(new CallRows());
  const see = (identity: number, atMs: number, length = 300): Repeat =>
    classify(call, identity, identity << 8, length, 1, atMs * 1000, DUP_WINDOW_US);
  for (let n = 1; n <= SIGHTINGS; n++) assert.equal(see(n, n), Repeat.NEW, String(n));
  for (let n = 1; n <= SIGHTINGS; n++) assert.equal(see(n, n + 20), Repeat.SEEN_AGAIN, String(n));
  for (let n = 1; n <= SIGHTINGS; n++) assert.equal(see(n, n + 60), Repeat.RETRANSMISSION, String(n));
  assert.equal(see(SIGHTINGS + 1, 100), Repeat.NEW);
  assert.equal(isKnown(call, 1), false);
  assert.equal(isKnown(call, 2), true);
  assert.equal(isKnown(call, SIGHTINGS), true);
  assert.equal(call.row[call.base + Row.SIGHTING_NEXT], 1);
});

test('a repeat within the window is one report more also where the time kept wraps, and by a clock before the call', () => {
  for (const firstMs of [32_750, 65_530, -10, -40_000, 9_000_000_000]) {
    const call = callIn(new CallRows());
    const see = (atMs: number, length = 300): Repeat => classify(call, 5, 0x500, length, 1, atMs * 1000, DUP_WINDOW_US);
    assert.equal(see(firstMs), Repeat.NEW);
    assert.equal(see(firstMs + 30), Repeat.SEEN_AGAIN);
    assert.equal(see(firstMs - 30), Repeat.SEEN_AGAIN);
    assert.equal(see(firstMs + 20, 301), Repeat.RETRANSMISSION);
    assert.equal(see(firstMs + 520, 301), Repeat.RETRANSMISSION);
    assert.equal(see(firstMs + 32_520, 301), Repeat.RETRANSMISSION);
  }
});
