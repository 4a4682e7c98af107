/** Time to decode one HEP packet with a payload of 700 octets, ours and hep-js. Run: node .build/bench/micro/hep.bench.js */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Fault } from '../../src/model/fault.ts';
import { Packet } from '../../src/model/packet.ts';
import { decodeHep } from '../../src/wire/hep/decode.ts';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../src/wire/hep/encode.ts';

const RUNS = 9;
const NOW_US = 1_700_000_000_500_000;
const LIMITS = { maxMessageBytes: 65535, maxChunks: 256, maxInflatedBytes: 262_144, maxInflateRatio: 100 };

/** What Kamailio's siptrace sends with an authentication key. */
const MESSAGE: HepMessage = {
  src: '192.0.2.10',
  srcPort: 5060,
  dst: '192.0.2.20',
  dstPort: 5070,
  ipProtocol: 17,
  capturedAtUs: 1_700_000_000_123_456,
  kind: 1,
  captureId: 2001,
  authKey: 'myhep',
  payload: Buffer.from('OPTIONS sip:b@192.0.2.20 SIP/2.0\r\n'.padEnd(700, 'x')),
};

export interface BenchResult {
  name: string;
  nsPerOp: number;
}

export function benchHep(): BenchResult[] {
  const hep1 = encodeHep1(MESSAGE);
  const hep2 = encodeHep2(MESSAGE);
  const hep3 = encodeHep3(MESSAGE);
  const hepJs = createRequire(import.meta.url)('hep-js') as { decapsulate(packet: Buffer): unknown };
  // All versions pass through one decoder in one process, as they do in a collector.
  for (const packet of [hep1, hep2, hep3]) measure(200_000, decoding(packet));
  return [
    { name: 'decode HEP1', nsPerOp: measure(1_000_000, decoding(hep1)) },
    { name: 'decode HEP2', nsPerOp: measure(1_000_000, decoding(hep2)) },
    { name: 'decode HEP3', nsPerOp: measure(1_000_000, decoding(hep3)) },
    { name: 'decode HEP3 with hep-js', nsPerOp: measure(20_000, () => hepJs.decapsulate(hep3)) },
  ];
}

function decoding(bytes: Buffer): () => void {
  const packet = new Packet(bytes);
  return () => {
    if (decodeHep(bytes, 0, bytes.length, packet, LIMITS, NOW_US) !== Fault.NONE) throw new Error('packet was refused');
  };
}

/** Median of several runs, nanoseconds per call. */
function measure(calls: number, operation: () => void): number {
  const runs = Array.from({ length: RUNS }, () => {
    const begin = performance.now();
    for (let call = 0; call < calls; call++) operation();
    return ((performance.now() - begin) * 1e6) / calls;
  });
  return runs.toSorted((a, b) => a - b)[RUNS >> 1] ?? Number.NaN;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, nsPerOp } of benchHep()) console.log(`${name.padEnd(26)} ${nsPerOp.toFixed(0).padStart(7)} ns`);
}
