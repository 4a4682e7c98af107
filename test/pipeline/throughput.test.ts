import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throughput } from '../../src/pipeline/throughput.ts';

const S = 1_000_000;

/** Marks once a second, as an engine does, while so many packets of 100 octets come in each. */
function run(throughput: Throughput, fromS: number, toS: number, perSecond: number, before = 0): number {
  let packets = before;
  for (let s = fromS + 1; s <= toS; s++) {
    packets += perSecond;
    throughput.mark(packets, packets * 100, s * S);
  }
  return packets;
}

test('a steady stream has its rate, at the start and later', () => {
  const throughput = new Throughput(0);
  const young = run(throughput, 0, 3, 40);
  assert.deepEqual(throughput.rate(young, young * 100, 3 * S), { packetsPerSecond: 40, bytesPerSecond: 4000 });
  const later = run(throughput, 3, 60, 40, young);
  assert.deepEqual(throughput.rate(later, later * 100, 60 * S), { packetsPerSecond: 40, bytesPerSecond: 4000 });
});

test('ten seconds after the last packet the rate is 0', () => {
  const throughput = new Throughput(0);
  const packets = run(throughput, 0, 33, 1000);
  run(throughput, 33, 43, 0, packets);
  assert.equal(throughput.rate(packets, packets * 100, 43 * S).packetsPerSecond, 0);
});

test('the first packets of a sender are no burst', () => {
  const throughput = new Throughput(7 * S);
  assert.deepEqual(throughput.rate(3, 300, 7 * S), { packetsPerSecond: 3, bytesPerSecond: 300 });
});
