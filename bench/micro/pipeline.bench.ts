/** Cost of one packet stage by stage: decode, parse, track, and all three. Run: node .build/bench/micro/pipeline.bench.js */
import { pathToFileURL } from 'node:url';
import { CounterSet } from '../../src/model/counters.ts';
import { Packet } from '../../src/model/packet.ts';
import { AgentTable } from '../../src/pipeline/agents.ts';
import { Ingest } from '../../src/pipeline/ingest.ts';
import { Pipeline } from '../../src/pipeline/pipeline.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { EventRates } from '../../src/tracker/event-rates.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { LinkTable } from '../../src/tracker/link-table.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { decodeHep } from '../../src/wire/hep/decode.ts';
import { type Figure, median, printFigures } from '../support/measure.ts';
import { engineSettings } from '../support/settings.ts';
import { callMessages, hepOf, MESSAGES_TO_ESTABLISH, overlappingCalls } from '../support/traffic.ts';

/** Calls of a round, and how many of them are open at a time; a round's packets fit the caches as fresh ones would. */
const CALLS = 2000;
const OPEN_CALLS = 500;
const RUNS = 15;
/** The same where so many calls are open that hardly anything of one is in the caches when its next message comes. */
const MANY_CALLS = 40_000;
const MANY_OPEN_CALLS = 30_000;
const MANY_RUNS = 5;
/** Datagrams of a batch, and how far apart they lie, as in sources/udp-batched.ts. */
const BATCH = 64;
const SHARE = 65_536;
const ROUNDS_PER_RUN = 10;
const START_US = 1_700_000_000_000_000;
const PACKET_GAP_US = 20;
const EXPIRE_EVERY_US = 100_000;
/** Longer than any call is held. */
const AFTER_ALL_US = 100_000 * 1e6;

/** An engine's inner parts, used again and again, so that what is measured is the steady state. */
export class Inside {
  readonly settings = engineSettings();
  readonly counters = new CounterSet();
  readonly rates = new EventRates(this.settings.eventRates, this.counters, 1);
  readonly events = new EventRing(this.settings.eventBufferSize, this.counters, this.rates);
  readonly tracker = new CallTracker(this.settings.tracker, this.events, this.counters, 1);
  readonly agents = new AgentTable(this.settings.hep.limits.maxAgents, [], this.settings.hep.auth, this.counters);
  readonly links = new LinkTable(this.settings.links, this.counters, 1);
  readonly ingest = new Ingest(this.settings, this.tracker, this.links, this.events, this.counters, () => undefined);
  readonly pipeline = new Pipeline(this.settings, this.ingest, this.agents, this.counters);
  nowUs = START_US;

  /** Plays packets and answers the milliseconds it took; the calls are ended afterwards, outside the time taken. */
  round(packets: readonly Buffer[], take: (bytes: Buffer, nowUs: number) => void): number {
    const elapsed = this.play(packets, take);
    this.endAll();
    return elapsed;
  }

  /** Plays packets and answers the milliseconds it took. */
  play(packets: readonly Buffer[], take: (bytes: Buffer, nowUs: number) => void): number {
    const begin = performance.now();
    for (let n = 0; n < packets.length; n++) {
      take(packets[n]!, this.nowUs); // inside the array
      this.nowUs += PACKET_GAP_US;
      if (this.nowUs % EXPIRE_EVERY_US === 0) this.tracker.advance(this.nowUs, 10_000);
    }
    return performance.now() - begin;
  }

  endAll(): void {
    this.nowUs += AFTER_ALL_US;
    while (this.tracker.advance(this.nowUs, 100_000));
  }
}

/** Median nanoseconds per packet. */
function nsPerPacket(inside: Inside, packets: readonly Buffer[], take: (bytes: Buffer, nowUs: number) => void): number {
  const run = (): number => {
    let ms = 0;
    for (let round = 0; round < ROUNDS_PER_RUN; round++) ms += inside.round(packets, take);
    return (ms * 1e6) / (packets.length * ROUNDS_PER_RUN);
  };
  run();
  return median(Array.from({ length: RUNS }, run));
}

/** Median nanoseconds per packet of many calls that are open at the same time, from a slab as datagrams are received. */
function nsPerDatagram(inside: Inside, packets: readonly Buffer[], areTogether: boolean): number {
  const { pipeline } = inside;
  const slab = Buffer.allocUnsafeSlow(BATCH * SHARE);
  const run = (): number => {
    let ms = 0;
    for (let first = 0; first < packets.length; first += BATCH) {
      const batch = packets.slice(first, first + BATCH);
      for (const [n, packet] of batch.entries()) packet.copy(slab, n * SHARE);
      let place = 0;
      if (areTogether) pipeline.beginBatch();
      ms += inside.play(batch, ({ length }, nowUs) => {
        const start = SHARE * place++;
        pipeline.datagram(slab, '192.0.2.1', 9060, nowUs, start, start + length);
        if (areTogether && place === batch.length) pipeline.endBatch();
      });
    }
    inside.endAll();
    return (ms * 1e6) / packets.length;
  };
  run();
  return median(Array.from({ length: MANY_RUNS }, run));
}

/** Figures per packet over a mix of whole calls, and for the INVITE alone, which makes a new call each time. */
export function benchPipeline(): Figure[] {
  const packets = overlappingCalls(CALLS, OPEN_CALLS);
  const invites = Array.from({ length: CALLS }, (_, call) => hepOf(callMessages(call)[0]?.text ?? '', true, START_US));
  const inside = new Inside();
  const packet = new Packet(Buffer.alloc(0));
  const message = new SipMessage(Buffer.alloc(0));
  const options = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: ['x-cid'] });
  const { limits } = inside.settings.hep;
  const observer = { id: 'bench' };
  const decode = nsPerPacket(inside, packets, (bytes, nowUs) => {
    decodeHep(bytes, 0, bytes.length, packet, limits, nowUs);
  });
  const parse = nsPerPacket(inside, packets, (bytes, nowUs) => {
    decodeHep(bytes, 0, bytes.length, packet, limits, nowUs);
    parseSip(bytes, packet.start, packet.end, options, message);
  });
  const track = nsPerPacket(inside, packets, (bytes, nowUs) => {
    decodeHep(bytes, 0, bytes.length, packet, limits, nowUs);
    parseSip(bytes, packet.start, packet.end, options, message);
    packet.trackedAtUs = nowUs;
    inside.tracker.track(packet, message, observer);
  });
  const many = overlappingCalls(MANY_CALLS, MANY_OPEN_CALLS);
  const all = (bytes: Buffer, nowUs: number): void => inside.pipeline.datagram(bytes, '192.0.2.1', 9060, nowUs);
  return [
    { name: 'decode (HEP3, call mix)', value: decode, unit: 'ns' },
    { name: 'parse (call mix)', value: parse - decode, unit: 'ns' },
    { name: 'track (call mix)', value: track - parse, unit: 'ns' },
    { name: 'all: datagram to tracked (call mix)', value: nsPerPacket(inside, packets, all), unit: 'ns' },
    { name: 'all: 30 000 calls open, one by one', value: nsPerDatagram(new Inside(), many, false), unit: 'ns' },
    { name: 'all: 30 000 calls open, together', value: nsPerDatagram(new Inside(), many, true), unit: 'ns' },
    { name: 'all: INVITE of 700 octets, new call', value: nsPerPacket(inside, invites, all), unit: 'ns' },
  ];
}

/** Octets of process memory per established call. */
export function benchMemory(calls = 200_000): Figure[] {
  const collect = globalThis.gc;
  if (collect === undefined) return [];
  const { tracker, pipeline } = new Inside();
  const used = (): number => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + Math.max(external, arrayBuffers);
  };
  const before = used();
  for (let call = 0; call < calls; call++) {
    for (const { text, forward } of callMessages(call).slice(0, MESSAGES_TO_ESTABLISH)) {
      pipeline.datagram(hepOf(text, forward, START_US), '192.0.2.1', 9060, START_US);
    }
  }
  return [{ name: 'memory per established call', value: (used() - before) / tracker.table.size, unit: 'octets' }];
}

/** Time of a fixed piece of work, so that figures of different machines can be compared as ratios. */
export function benchReference(): Figure {
  const bytes = Buffer.alloc(700, 'x');
  const rounds = 20_000;
  const runs = Array.from({ length: 9 }, () => {
    const begin = performance.now();
    const sum = sumOfOctets(bytes, rounds);
    const ns = ((performance.now() - begin) * 1e6) / rounds;
    // The sum is looked at, or the loop could be left out.
    return sum === 0.5 ? Number.NaN : ns;
  });
  return { name: 'reference loop over 700 octets', value: median(runs), unit: 'ns' };
}

function sumOfOctets(bytes: Buffer, rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < bytes.length; at++) sum = (Math.imul(sum, 31) + bytes[at]!) | 0; // inside the buffer
  }
  return sum;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printFigures('pipeline', [benchReference(), ...benchPipeline(), ...benchMemory()]);
}
