/** Cost of handing a message over to another engine thread, both ends in one thread. Run: node .build/bench/micro/handover.bench.js */
import { pathToFileURL } from 'node:url';
import { makePlaces, shardOfMessage } from '../../src/engine/shards/place.ts';
import { HandedMessage, readMessage, writeMessage } from '../../src/engine/shards/records.ts';
import { RingReader, RingWriter } from '../../src/engine/shards/ring.ts';
import { Packet } from '../../src/model/packet.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { type Figure, median, printFigures } from '../support/measure.ts';
import { callMessages } from '../support/traffic.ts';

const CALLS = 500;
const RUNS = 25;
const ROUNDS_PER_RUN = 10;
/** Written before they are read, as when both threads are busy. */
const BATCH = 32;

/** Nanoseconds per message: the hash that says whose it is, into the ring, and out of it. */
export function benchHandover(): Figure[] {
  const options = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: [] });
  const parsed = Array.from({ length: CALLS }, (_, call) => callMessages(call))
    .flat()
    .map(({ text }) => {
      const packet = new Packet(Buffer.from(text, 'latin1'));
      packet.end = packet.bytes.length;
      const message = new SipMessage(Buffer.alloc(0));
      parseSip(packet.bytes, 0, packet.end, options, message);
      return { packet, message };
    });
  const [place] = makePlaces(2, 'each', 1);
  if (place === undefined) return [];
  const memory = place.rings[0]![1]!; // a ring for each pair
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  const sender = { serial: 1, generation: 0, id: '2001@192.0.2.1:9060/udp' };
  const read = new Packet(Buffer.alloc(0));
  const handed = new HandedMessage();
  let shards = 0;
  const runs = Array.from({ length: RUNS }, () => {
    const begin = performance.now();
    for (let round = 0; round < ROUNDS_PER_RUN; round++) {
      for (const [n, { packet, message }] of parsed.entries()) {
        shards += shardOfMessage(place, message);
        writeMessage(writer, packet, false, sender);
        if (n % BATCH !== BATCH - 1) continue;
        while (reader.next()) readMessage(reader, read, handed);
        reader.release();
      }
    }
    return ((performance.now() - begin) * 1e6) / (parsed.length * ROUNDS_PER_RUN);
  });
  // The sum is looked at, or the hash could be left out.
  return [{ name: 'handover: hash, into the ring and out of it', value: shards < 0 ? 0 : median(runs), unit: 'ns' }];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printFigures('handover', benchHandover());
}
