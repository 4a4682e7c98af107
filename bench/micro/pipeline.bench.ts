/** Cost of one packet stage by stage: decode, parse, track, and all three. Run: node .build/bench/micro/pipeline.bench.js */
import { pathToFileURL } from 'node:url';
import { CounterSet } from '../../src/model/counters.ts';
import { Packet } from '../../src/model/packet.ts';
import type { EngineSettings } from '../../src/model/settings.ts';
import { AgentTable } from '../../src/pipeline/agents.ts';
import { Ingest } from '../../src/pipeline/ingest.ts';
import { Pipeline } from '../../src/pipeline/pipeline.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { decodeHep } from '../../src/wire/hep/decode.ts';
import { type Figure, median, nsPerOperation, printFigures } from '../support/measure.ts';
import { engineSettings } from '../support/settings.ts';
import { callMessages, hepOf, overlappingCalls } from '../support/traffic.ts';

const CALLS = 10_000;
const OPEN_CALLS = 2000;
const RUNS = 7;
const START_US = 1_700_000_000_000_000;

function newTracker(settings: EngineSettings): { tracker: CallTracker; events: EventRing; counters: CounterSet } {
  const counters = new CounterSet();
  const events = new EventRing(settings.eventBufferSize, counters);
  return { tracker: new CallTracker(settings.tracker, events, counters, 1), events, counters };
}

function play(settings: EngineSettings, packets: readonly Buffer[]): void {
  const { tracker, events, counters } = newTracker(settings);
  const agents = new AgentTable(settings.hep.limits.maxAgents, [], settings.hep.auth, counters);
  const pipeline = new Pipeline(
    settings,
    new Ingest(settings, tracker, events, counters, () => undefined),
    agents,
    counters,
  );
  let nowUs = START_US;
  for (const packet of packets) {
    pipeline.datagram(packet, '192.0.2.1', 9060, nowUs);
    nowUs += 20;
    if (nowUs % 100_000 === 0) tracker.advance(nowUs, 10_000);
  }
}

/** Figures per packet over a mix of whole calls, and for the INVITE alone, which makes a new call each time. */
export function benchPipeline(): Figure[] {
  const settings = engineSettings();
  const packets = overlappingCalls(CALLS, OPEN_CALLS);
  const invites = Array.from({ length: CALLS }, (_, call) => hepOf(callMessages(call)[0]?.text ?? '', true, START_US));
  const packet = new Packet(Buffer.alloc(0));
  const message = new SipMessage(Buffer.alloc(0));
  const options = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: ['x-cid'] });
  const { limits } = settings.hep;
  const decode = nsPerOperation(RUNS, packets.length, () => {
    for (const bytes of packets) decodeHep(bytes, 0, bytes.length, packet, limits, START_US);
  });
  const decodeAndParse = nsPerOperation(RUNS, packets.length, () => {
    for (const bytes of packets) {
      decodeHep(bytes, 0, bytes.length, packet, limits, START_US);
      parseSip(bytes, packet.start, packet.end, options, message);
    }
  });
  const decodeParseTrack = trackOnly(settings, packets, packet, message, options);
  return [
    { name: 'decode (HEP3, call mix)', value: decode, unit: 'ns' },
    { name: 'parse (call mix)', value: decodeAndParse - decode, unit: 'ns' },
    { name: 'track (call mix)', value: decodeParseTrack - decodeAndParse, unit: 'ns' },
    {
      name: 'all: datagram to tracked (call mix)',
      value: nsPerOperation(RUNS, packets.length, () => play(settings, packets)),
      unit: 'ns',
    },
    {
      name: 'all: INVITE of 700 octets, new call',
      value: nsPerOperation(RUNS, invites.length, () => play(settings, invites)),
      unit: 'ns',
    },
  ];
}

function trackOnly(
  settings: EngineSettings,
  packets: readonly Buffer[],
  packet: Packet,
  message: SipMessage,
  options: SipParseOptions,
): number {
  const observer = { id: 'bench' };
  return nsPerOperation(RUNS, packets.length, () => {
    const { tracker } = newTracker(settings);
    let nowUs = START_US;
    for (const bytes of packets) {
      decodeHep(bytes, 0, bytes.length, packet, settings.hep.limits, nowUs);
      parseSip(bytes, packet.start, packet.end, options, message);
      tracker.track(packet, message, observer, nowUs);
      nowUs += 20;
      if (nowUs % 100_000 === 0) tracker.advance(nowUs, 10_000);
    }
  });
}

/** Octets of process memory per established call. */
export function benchMemory(calls = 200_000): Figure[] {
  const collect = globalThis.gc;
  if (collect === undefined) return [];
  const settings = engineSettings();
  const { tracker, events, counters } = newTracker(settings);
  const agents = new AgentTable(settings.hep.limits.maxAgents, [], settings.hep.auth, counters);
  const pipeline = new Pipeline(
    settings,
    new Ingest(settings, tracker, events, counters, () => undefined),
    agents,
    counters,
  );
  const used = (): number => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + Math.max(external, arrayBuffers);
  };
  const before = used();
  for (let call = 0; call < calls; call++) {
    for (const { text, forward } of callMessages(call).slice(0, 5)) {
      pipeline.datagram(hepOf(text, forward, START_US), '192.0.2.1', 9060, START_US);
    }
  }
  return [{ name: 'memory per established call', value: (used() - before) / tracker.table.size, unit: 'octets' }];
}

/** Time of a fixed piece of work, so that figures of different machines can be compared as ratios. */
export function benchReference(): Figure {
  const bytes = Buffer.alloc(700, 'x');
  let sum = 0;
  const ns = median(
    Array.from({ length: 9 }, () => {
      const begin = performance.now();
      for (let round = 0; round < 20_000; round++) for (const octet of bytes) sum = (Math.imul(sum, 31) + octet) | 0;
      return ((performance.now() - begin) * 1e6) / 20_000;
    }),
  );
  return { name: `reference loop over 700 octets${sum === 1 ? ' ' : ''}`, value: ns, unit: 'ns' };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printFigures('pipeline', [benchReference(), ...benchPipeline(), ...benchMemory()]);
}
