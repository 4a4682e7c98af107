import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Calls,
  CounterSet,
  Hep,
  Ignored,
  PARSE_ERRORS,
  Pkt,
  SIP_CLASSES,
  SIP_METHODS,
  ParseErrsOver,
  SipOver,
  TrackedOkOver,
} from '../../src/model/counters.ts';
import { Method } from '../../src/model/method.ts';
import type { StatisticsBlock } from '../../src/model/statistics.ts';
import { finalLine, finalReport } from '../../src/telemetry/report.ts';
import { Statistics } from '../../src/telemetry/statistics.ts';

/** The traffic of the specification's sample, as far as HEP can bring it. */
function sample(): CounterSet {
  const counters = new CounterSet();
  for (const [index, value] of [
    [Pkt.TOTAL_PACKETS, 1042],
    [Pkt.TOTAL_SIZE, 52_428_800],
    [Pkt.IP4, 1040],
    [Pkt.IP6, 2],
    [Pkt.UDP, 1000],
    [Pkt.UDP4, 998],
    [Pkt.UDP6, 2],
    [Pkt.TCP, 42],
    [Pkt.TCP4, 42],
    [Pkt.TCP_STREAMS, 2],
    [Pkt.TCP_SEGS, 9],
    [Pkt.TCP_TOTAL_RCVD, 4100],
    [Pkt.TCP_SYN, 1],
    [Pkt.TCP_FIN, 2],
    [Pkt.TCP_CLOSED, 2],
    [SipOver.udp, 998],
    [ParseErrsOver.udp, 2],
    [SipOver.tcp, 7],
    [TrackedOkOver.udp, 996],
    [TrackedOkOver.tcp, 7],
    [Pkt.PARSE_ATTEMPTS, 1005],
    [Pkt.PARSE_OK, 1003],
    [Pkt.PARSE_ERRS, 2],
    [Ignored.probe, 1],
    [Pkt.TRACKED_OK, 1003],
    [PARSE_ERRORS[13] ?? -1, 2],
    [Pkt.SIP_REQS, 500],
    [SIP_METHODS[Method.INVITE] ?? -1, 120],
    [Pkt.SIP_REPLS, 503],
    [SIP_CLASSES[2] ?? -1, 240],
  ] as const) {
    counters.add(index, value);
  }
  counters.set(Calls.ACTIVE, 6);
  return counters;
}

const BLOCK = [
  'Statistics:',
  '     1042 packets      1040 ipv4         2 ipv6',
  '        0 ip4frags         0 ip6frags         0 defrag',
  '     1000 udp:       998 udp4         2 udp6',
  '       42 tcp:        42 tcp4         0 tcp6',
  '        0 tls         0 dtls         0 sctp         0 other',
  '        0 wsock:         0 wsock4         0 wsock6',
  '        0 vxlan',
  'tcp:         2 streams         9 reassembled segs      4100 total bytes',
  'tcp:         1 SYNs         2 FINs         2 closed',
  'tcp:         0 ignored streams',
  'tcp:         0 out-of-order         0 missed         0 too big',
  'tcp:         0 missed bytes',
  'tcp:         0 stream timeouts         0 reassembly timeouts',
  'Parsed:      1005 total      1003 ok         2 errors         1 probes',
  'Parsed:       998 udp         2 errs         7 tcp         0 errs         0 ws         0 errs',
  'Errors:         2 parse',
  'Tracked:       996 udp         7 tcp         0 ws         0 err udp         0 err tcp         0 err ws',
  '\t"incomplete/truncated data"    =         2',
  'Requests: 500',
  '\tINVITE     =       120',
  'Replies: 503',
  '\t2XX =       240',
];

test('Statistics.totals() shows the block of the specification and the numbers in it', () => {
  const { values } = sample();
  let nowMs = 1000;
  const statistics = new Statistics(
    () => values,
    () => nowMs,
  );
  nowMs = 13_500;
  const block = statistics.totals();
  assert.equal(block.uptimeMs, 12_500);
  assert.equal(block.perMs, null);
  assert.equal(block.stopped, null);
  assert.deepEqual(block.lines, BLOCK);
  assert.deepEqual(
    block.values.filter(({ value }) => value === 1003).map(({ group, name }) => `${group}.${name}`),
    ['pkt_stats.parse_ok', 'pkt_stats.tracked_ok'],
  );
});

test('Statistics.rate() answers totals, marked as such, until the interval has passed', () => {
  const counters = new CounterSet();
  let nowMs = 0;
  const statistics = new Statistics(
    () => counters.values,
    () => nowMs,
  );
  counters.add(Pkt.TOTAL_PACKETS, 25);
  nowMs = 2000;
  assert.equal(statistics.rate(1000).perMs, null);
  statistics.observe();
  nowMs = 2300;
  const rate = statistics.rate(1000);
  assert.equal(rate.perMs, 1000);
  assert.equal(rate.updatedAgoMs, 300);
  assert.equal(rate.values.find(({ name }) => name === 'total_packets')?.value, 12.5);
  assert.equal(rate.lines[1], '       12 packets         0 ipv4         0 ipv6');
  assert.equal(statistics.rate(10_000).perMs, null);
});

test('Statistics.stop() ends the time averages are over, and the block says since when', () => {
  const { values } = sample();
  let nowMs = 1000;
  let read: ArrayLike<number> = new CounterSet().values;
  const statistics = new Statistics(
    () => read,
    () => nowMs,
  );
  read = values;
  nowMs = 11_000;
  statistics.stop();
  nowMs = 40_000;
  statistics.stop();
  const block = statistics.average(1000);
  assert.deepEqual(block.stopped, { sinceMs: 29_000, runtimeMs: 10_000 });
  assert.equal(block.uptimeMs, 39_000);
  assert.equal(block.values.find(({ name }) => name === 'ip4')?.value, 104);
});

test('Statistics.average() divides by the uptime', () => {
  let { values } = new CounterSet();
  let nowMs = 0;
  const statistics = new Statistics(
    () => values,
    () => nowMs,
  );
  ({ values } = sample());
  nowMs = 12_500;
  const average = statistics.average(60_000);
  assert.equal(average.perMs, 60_000);
  assert.equal(average.updatedAgoMs, null);
  // 1042 / 12.5 x 60 = 5001.6
  assert.match(average.lines[1] ?? '', /^ {5}5001 packets/);
});

test('averages and rates leave out what was counted before the start, totals do not', () => {
  const counters = sample();
  let nowMs = 0;
  const statistics = new Statistics(
    () => counters.values,
    () => nowMs,
  );
  counters.add(Pkt.TOTAL_PACKETS, 30);
  nowMs = 10_000;
  statistics.observe();
  const packets = (block: StatisticsBlock): number | undefined =>
    block.values.find(({ name }) => name === 'total_packets')?.value;
  assert.equal(packets(statistics.average(1000)), 3);
  assert.equal(packets(statistics.rate(10_000)), 30);
  assert.equal(packets(statistics.totals()), 1072);
});

test('finalReport() gives run time, packets and octets per second, block, counters that moved, active entries', () => {
  const counters = sample();
  counters.add(Hep.DATAGRAMS, 1042);
  const report = finalReport({
    runTimeMs: 2000,
    read: (index) => counters.get(index),
    readSinceStart: (index) => counters.get(index),
    readMax: (index) => counters.maxima[index] ?? 0,
    groups: ['hep', 'calls'],
    endForceTimeoutMs: 0,
    endWaitMs: 250,
  });
  // 50 MiB in 2 s = 25 MiB/s = 200 Mibit/s = 200/1024 Gibit/s
  assert.deepEqual(report.split('\n'), [
    'run  time: 2s',
    '     pkts/s: 521.0',
    '       MB/s: 25.000 (0.195 Gbits/s)',
    ...BLOCK,
    'hep.datagrams                 :   1042',
    '',
    'calls.active                  :      6        M:      6',
    '',
    'end active entries 6, end_force_timeout 0s, end_wait 250ms',
    '',
  ]);
});

test('finalReport() of a run that took no time divides by nothing', () => {
  const report = finalReport({
    runTimeMs: 0,
    read: () => 1,
    readSinceStart: () => 1,
    readMax: () => 1,
    groups: [],
    endForceTimeoutMs: 0,
    endWaitMs: 0,
  });
  assert.match(report, /pkts\/s: 0\.0\n {7}MB\/s: 0\.000 \(0\.000 Gbits\/s\)/);
});

test('finalLine() is the last line before the exit', () => {
  assert.equal(
    finalLine({ read: () => 0, endForceTimeoutMs: 200, endWaitMs: 450 }),
    'final wait active entries 0, end_force_timeout 200ms, end_wait 450ms\n',
  );
});
