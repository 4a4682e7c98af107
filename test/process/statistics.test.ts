import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import type { StatisticsBlock } from '../../src/model/statistics.ts';
import { startCollector } from '../support/collector.ts';
import { goodPacket } from '../support/hostile.ts';
import { until } from '../support/process.ts';

const LIMIT_MS = 30_000;

test('rates are brought up to date and averages made although nothing ever arrives', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.program.stop(0));
  const rate = (): Promise<StatisticsBlock> => collector.json<StatisticsBlock>('/stats/rate?d=1s');
  // Until then the page shows totals, and says so.
  const first = await until('a rate', LIMIT_MS, async () => {
    const block = await rate();
    return block.perMs === 1000 ? block : undefined;
  });
  assert.equal(first.stopped, null);
  await until('a newer rate', LIMIT_MS, async () => {
    const { updatedAgoMs, uptimeMs } = await rate();
    return updatedAgoMs !== null && uptimeMs - updatedAgoMs > first.uptimeMs ? true : undefined;
  });
  const average = await collector.json<StatisticsBlock>('/stats/avg?d=1m');
  assert.equal(average.perMs, 60_000);
  assert.ok(average.values.every(({ value }) => value === 0));
});

test('the report at the end shows the counter groups of stats_groups, and no others', async (t) => {
  const collector = await startCollector({ stats_groups: 'calls,links' });
  t.after(() => collector.program.stop(0));
  const socket = createSocket('udp4');
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  socket.send(goodPacket('one'));
  await collector.received(1);
  socket.close();
  await collector.stop();
  const report = collector.program.stdout;
  assert.match(report, /^calls\.active +: +1 +M: +1$/m);
  assert.match(report, /^links\.counted +: +1$/m);
  assert.doesNotMatch(report, /^(ingest|hep|pkt_stats|ev_ring0)\./m);
  // Counters that did not move are left out.
  assert.doesNotMatch(report, /^calls\.forked/m);
});
