import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { CaptureFileError, EVERYTHING, readMessages } from '../../src/replay/capture-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-capture-'));
after(() => rmSync(folder, { recursive: true }));

async function readAll(path: string): Promise<{ messages: number; frames: number; fault: unknown }> {
  let messages = 0;
  let frames = 0;
  const counts = { frame: () => frames++, skipped: () => undefined };
  try {
    for await (const message of readMessages(path, EVERYTHING, counts)) messages += message.bytes.length > 0 ? 1 : 0;
    return { messages, frames, fault: undefined };
  } catch (error) {
    return { messages, frames, fault: error };
  }
}

// One capture with HEP over UDP beside SIP over TCP, so that damage reaches every reader.
const sample = readFileSync('fixtures/captures/kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap').subarray(0, 40_000);

const damaged = fc.record({
  changes: fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 60 }),
  length: fc.integer({ min: 0, max: sample.length }),
  compressed: fc.boolean(),
});

test('readMessages() ends with messages or a CaptureFileError on any damaged file', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, async ({ changes, length, compressed }) => {
      const file = Buffer.from(sample);
      for (const [at, octet] of changes) file[at] = octet;
      const path = join(folder, compressed ? 'damaged.pcap.gz' : 'damaged.pcap');
      writeFileSync(path, compressed ? gzipSync(file.subarray(0, length)) : file.subarray(0, length));
      const { fault, frames } = await readAll(path);
      assert.ok(fault === undefined || fault instanceof CaptureFileError);
      assert.ok(frames <= sample.length / 16);
    }),
    { numRuns: 100 },
  );
});

test('readMessages() answers a compressed file cut in the middle with what came before and an error', async () => {
  const path = join(folder, 'cut.pcap.gz');
  const whole = gzipSync(readFileSync('fixtures/captures/sngrep-hep.pcap'));
  writeFileSync(path, whole.subarray(0, whole.length - 20));
  const { fault, messages } = await readAll(path);
  assert.ok(fault instanceof CaptureFileError);
  assert.match(fault.message, /^cannot read ".*cut\.pcap\.gz": unexpected end of file$/);
  assert.ok(messages > 0);
});
