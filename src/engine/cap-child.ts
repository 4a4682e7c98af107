import { createRequire } from 'node:module';
import { CAP_IS_MISSING } from '../sources/capture-programs.ts';
import { systemClock } from './clock.ts';

/**
 * Entry point of a process that captures with the package `cap` and writes a pcap file to its standard output:
 *
 *   node cap-child.js INTERFACE SNAPLEN BUFFER_KIB FILTER
 *
 * It ends with SIGINT, or when nobody reads any more or has started it.
 */
interface Cap {
  open(device: string, filter: string, bufferOctets: number, packet: Buffer): string;
  on(name: 'packet', listener: (octets: number) => void): void;
  close(): void;
}

/** As the package names them, by LINKTYPE_ number. */
const LINK_TYPES: ReadonlyMap<string, number> = new Map([
  ['NULL', 0],
  ['ETHERNET', 1],
  ['RAW', 101],
  ['LINKTYPE_LINUX_SLL', 113],
]);
/** It captures no more of a packet. */
const MAX_SNAPLEN = 65_535;
/** What libpcap takes where it is not told. */
const DEFAULT_BUFFER_KIB = 2048;
const RECORD_HEAD = 16;
/** Octets written at once when packets come one behind the other. */
const BATCH_OCTETS = 65_536;
const ORPHAN_CHECK_MS = 1000;
/** Nobody's number on every Linux. */
const NOBODY = 65_534;

const [, , iface = '', snaplen = '', bufferKib = '', filter = ''] = process.argv;
const clock = systemClock();
const parent = process.ppid;
const cap = loadCap();
// Referenced as long as packets are written into it: the package keeps no reference itself.
const packet = Buffer.alloc(Math.min(Number(snaplen), MAX_SNAPLEN));
const batch = Buffer.alloc(BATCH_OCTETS + RECORD_HEAD + packet.length);
let used = 0;

process.stdout.on('error', () => process.exit(0));
process.on('SIGINT', () => {
  cap.close();
  flush();
  process.exit(0);
});
cap.on('packet', (octets) => {
  const nowUs = clock();
  if (used === 0) setImmediate(flush);
  batch.writeUInt32LE(Math.floor(nowUs / 1e6), used);
  batch.writeUInt32LE(nowUs % 1e6, used + 4);
  batch.writeUInt32LE(octets, used + 8);
  batch.writeUInt32LE(octets, used + 12);
  packet.copy(batch, used + RECORD_HEAD, 0, octets);
  used += RECORD_HEAD + octets;
  // As long as there are packets, nothing else gets its turn.
  if (used >= BATCH_OCTETS) flush();
});
process.stdout.write(fileHead(open()));
giveUpRoot();
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, ORPHAN_CHECK_MS);

function loadCap(): Cap {
  try {
    // It is optional and has no types; this is how its documentation says it is used.
    const { Cap: Constructor } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
    return new Constructor();
  } catch (error) {
    return fail(`the package cap cannot be loaded: ${messageOf(error)}`, CAP_IS_MISSING);
  }
}

/** @returns the LINKTYPE_ number */
function open(): number {
  try {
    const buffer = Number(bufferKib) === 0 ? DEFAULT_BUFFER_KIB : Number(bufferKib);
    const name = cap.open(iface, filter, buffer * 1024, packet);
    return LINK_TYPES.get(name) ?? fail(`packets of the kind "${name}" cannot be read`, 1);
  } catch (error) {
    return fail(messageOf(error), 1);
  }
}

/** The head of a pcap file with microseconds. */
function fileHead(linkType: number): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(packet.length, 16);
  head.writeUInt32LE(linkType, 20);
  return head;
}

function flush(): void {
  if (used === 0) return;
  // A pipe takes it at once, but the stream may keep it: so it gets octets of its own.
  process.stdout.write(Buffer.from(batch.subarray(0, used)));
  used = 0;
}

/** The interface is open: nothing else needs to be allowed. Where even that is not allowed, it stays as it is. */
function giveUpRoot(): void {
  if (process.getuid?.() !== 0) return;
  try {
    process.setgroups?.([]);
    process.setgid?.(NOBODY);
    process.setuid?.(NOBODY);
  } catch (error) {
    process.stderr.write(`capturing goes on as root: ${messageOf(error)}\n`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
}

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
