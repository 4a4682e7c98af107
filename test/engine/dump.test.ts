import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { CounterSet, Ingest, PcapDump } from '../../src/model/counters.ts';
import { CAPTURES, capturePath } from '../captures/expected.ts';
import { blocked, obstacle } from '../interop/tools.ts';
import { eventsBy } from '../support/played.ts';
import { remarks, sipFields } from '../support/tshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-dump-'));
after(() => rmSync(folder, { recursive: true }));

const HEP = 'udp portrange 9060-9062';

/**
 * Events with their durations in whole milliseconds: a message reported twice is written once, and the second report may
 * have been what a time-out ran from. Messages without a readable Call-ID belong to no call.
 */
function ofCalls(events: readonly string[]): string[] {
  return events
    .map((line) => JSON.parse(line) as [string, string, number, number | null, number | null])
    .filter(([callId]) => callId !== '')
    .map(([callId, type, status, durationMs, pddMs]) =>
      [callId, type, status, durationMs === null ? '' : Math.round(durationMs), pddMs].join(' '),
    )
    .toSorted();
}

for (const name of CAPTURES) {
  for (const [what, filter, extension] of [
    ['HEP', HEP, 'pcap'],
    ['the wire', `not ${HEP}`, 'pcapng'],
  ] as const) {
    test(`${name}: calls seen by ${what} and written to ${extension} files give the same events again`, async () => {
      const dir = mkdtempSync(join(folder, 'calls-'));
      const counters = new CounterSet();
      const options = ['--pcap_dump_on', '--pcap_dump_dir', dir, '--pcap_dump_extension', extension];
      const seen = await eventsBy(counters, '-pcap', capturePath(name), '-bpf', filter, ...options);
      const files = readdirSync(dir);
      assert.equal(counters.get(PcapDump.NEW_FILES), files.length);
      const written = counters.get(PcapDump.WRITTEN);
      assert.equal(counters.get(PcapDump.TOTAL_QUEUED), written);
      assert.equal(counters.get(PcapDump.DROPPED_QUEUE), 0);
      assert.equal(counters.get(PcapDump.REPEATED) + written, counters.get(Ingest.TRACKED));
      const again: string[] = [];
      for (const file of files) again.push(...(await eventsBy(new CounterSet(), '-pcap', join(dir, file))));
      assert.deepEqual(ofCalls(again), ofCalls(seen));
    });
  }
}

test('tshark reads what is in the files of calls, and has no remark', async (t) => {
  if (blocked(t, obstacle(['tshark', 'mergecap']))) return;
  for (const [name, most] of [
    ['kamailio-5.6-siptrace-hep3', 1000],
    // Calls on the same connection cannot be put into one file: each has numbers of its own.
    ['kamailio-5.6-siptrace-hep3-sip-over-tcp', 1],
  ] as const) {
    const dir = mkdtempSync(join(folder, 'calls-'));
    const counters = new CounterSet();
    await eventsBy(counters, '-pcap', capturePath(name), '-bpf', HEP, '--pcap_dump_on', '--pcap_dump_dir', dir);
    const files = readdirSync(dir).map((file) => join(dir, file));
    for (let at = 0; at < Math.min(files.length, 4 * most); at += most) {
      const merged = join(folder, 'merged.pcap');
      const some = files.slice(at, at + most);
      execFileSync('mergecap', ['-F', 'pcap', '-w', merged, ...some]);
      assert.deepEqual(remarks(merged), []);
      const callIds = new Set(sipFields(merged, 'sip.Call-ID'));
      assert.deepEqual(
        [...callIds].map((callId) => `callid_${callId}.pcap`).toSorted(),
        some.map((file) => basename(file)).toSorted(),
      );
      if (some.length === files.length) {
        assert.equal(sipFields(merged, 'sip.Call-ID').length, counters.get(PcapDump.WRITTEN));
      }
    }
  }
});
