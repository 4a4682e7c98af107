/**
 * Frames for messages of which only the text and the ends are known: as the hosts could have sent them.
 *
 *   message ─┬─ UDP, DTLS, unknown ─▶ one datagram
 *            ├─ TCP, TLS, WebSocket ─▶ [ SYN, SYN-ACK, ACK ] segments          plain: what was inside is shown
 *            └─ SCTP ─▶ one DATA chunk
 *
 * Sequence numbers go on from message to message and from one direction to the other, checksums hold. A connection
 * begins with a handshake nobody saw, so that it can begin anew in the same file when its numbers are forgotten.
 */
import { Buffer } from 'node:buffer';
import { crc32c } from '../../model/crc32.ts';
import { Transport, type TransportName, transportName } from '../../model/transport.ts';

type Words = readonly [number, number, number, number];

/** What is known of a message on the wire. */
export interface WireMessage {
  readonly family: number;
  /** Addresses as four words, IPv4 as IPv4-mapped (see endpoint.ts). */
  readonly src: Words;
  readonly srcPort: number;
  readonly dst: Words;
  readonly dstPort: number;
  readonly transport: Transport;
  /** Microseconds since the epoch. */
  readonly trackedAtUs: number;
  /** Octets it had. */
  readonly length: number;
  /** Those that are there. */
  readonly octets: Buffer;
}

const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;
const UDP = 8;
const TCP = 20;
const SCTP = 12;
const DATA = 16;
const MAX_LENGTH = 65_535;
/** Ethernet's 1500 octets without the headers of IP and TCP. */
const SEGMENT_V4 = 1460;
const SEGMENT_V6 = 1440;
const WINDOW = 65_535;
/** Octets after which the other end says that it has them: well before the window is full. */
const MAX_UNACKNOWLEDGED = 32_768;

const SYN = 2;
const PSH = 8;
const ACK = 16;
const WHOLE = 3;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_SCTP = 132;

/** Connections whose numbers are known; the oldest is forgotten and begins anew. */
const MAX_CONNECTIONS = 256;

/** One direction of a TCP connection or an SCTP association. */
interface Direction {
  /** Next sequence number, or next TSN. */
  next: number;
  unacknowledged: number;
  /** SCTP: next stream sequence number, and the tag its packets carry. */
  streamSequence: number;
  tag: number;
}

interface Connection {
  forth: Direction;
  back: Direction;
}

/** Makes the frames of one file or one answer. */
export class FrameSynthesis {
  readonly #connections = new Map<string, Connection>();

  /** Ethernet frames, all of the message's time. */
  frames(message: WireMessage): Buffer[] {
    switch (carrierOf(message.transport)) {
      case 'udp':
        return [udpFrame(message)];
      case 'tcp':
        return this.#segments(message);
      case 'sctp':
        return [this.#chunk(message)];
    }
  }

  #segments(message: WireMessage): Buffer[] {
    const { octets } = message;
    const frames: Buffer[] = [];
    const { forth, back } = this.#connection(message, () => handshake(message, frames));
    const most = message.family === 4 ? SEGMENT_V4 : SEGMENT_V6;
    for (let at = 0; at < octets.length; at += most) {
      const end = Math.min(octets.length, at + most);
      if (forth.unacknowledged + end - at > MAX_UNACKNOWLEDGED) {
        frames.push(tcpFrame(turned(message), back.next, forth.next, ACK, EMPTY));
        forth.unacknowledged = 0;
      }
      const flags = end === octets.length ? ACK | PSH : ACK;
      frames.push(tcpFrame(message, forth.next, back.next, flags, octets.subarray(at, end)));
      forth.next = (forth.next + end - at) >>> 0;
      forth.unacknowledged += end - at;
    }
    // What goes this way acknowledges all that came the other.
    back.unacknowledged = 0;
    return frames;
  }

  #chunk(message: WireMessage): Buffer {
    const { forth } = this.#connection(message, () => {
      const first = firstNumber(message.trackedAtUs);
      // A tag is zero in an INIT only (RFC 9260 §8.5.1).
      return { forth: direction(first, first | 1), back: direction(first, ~first | 1) };
    });
    const headers = networkOctets(message) + SCTP + DATA;
    // Padding to four octets belongs to the packet.
    const most = (MAX_LENGTH - headers + ETHERNET) & ~3;
    const payload = message.octets.subarray(0, most);
    const frame = Buffer.alloc(headers + ((payload.length + 3) & ~3));
    const at = writeNetwork(frame, message, PROTOCOL_SCTP);
    frame.writeUInt16BE(message.srcPort, at);
    frame.writeUInt16BE(message.dstPort, at + 2);
    frame.writeUInt32BE(forth.tag, at + 4);
    const chunkAt = at + SCTP;
    frame.writeUInt8(WHOLE, chunkAt + 1);
    frame.writeUInt16BE(DATA + payload.length, chunkAt + 2);
    frame.writeUInt32BE(forth.next, chunkAt + 4);
    frame.writeUInt16BE(forth.streamSequence, chunkAt + 10);
    payload.copy(frame, chunkAt + DATA);
    forth.next = (forth.next + 1) >>> 0;
    forth.streamSequence = (forth.streamSequence + 1) & 0xffff;
    // The only field that goes out with its lowest octet first (RFC 9260 appendix A).
    frame.writeUInt32LE(crc32c(frame, at, frame.length), at + 8);
    return frame;
  }

  /** The connection a message goes on, turned so that the message goes forth. */
  #connection(message: WireMessage, begin: () => Connection): Connection {
    const carrier = carrierOf(message.transport);
    const { src, srcPort, dst, dstPort } = message;
    const here = `${src.join(' ')} ${srcPort}`;
    const there = `${dst.join(' ')} ${dstPort}`;
    const known = this.#connections.get(`${carrier} ${here} ${there}`);
    if (known !== undefined) return known;
    const other = this.#connections.get(`${carrier} ${there} ${here}`);
    if (other !== undefined) return { forth: other.back, back: other.forth };
    if (this.#connections.size >= MAX_CONNECTIONS) {
      for (const oldest of this.#connections.keys()) {
        this.#connections.delete(oldest);
        break;
      }
    }
    const connection = begin();
    this.#connections.set(`${carrier} ${here} ${there}`, connection);
    return connection;
  }
}

const EMPTY = Buffer.alloc(0);

function carrierOf(transport: Transport): 'udp' | 'tcp' | 'sctp' {
  switch (transport) {
    case Transport.TCP:
    case Transport.TLS:
    case Transport.WS:
    case Transport.WSS:
      return 'tcp';
    case Transport.SCTP:
      return 'sctp';
    case Transport.UDP:
    case Transport.DTLS:
    case Transport.UNKNOWN:
      return 'udp';
  }
}

/** What the frames of a message cannot show, as a comment for them; '' = they show everything. */
export function commentOn(message: WireMessage): string {
  const { transport, length } = message;
  const carrier: TransportName = carrierOf(transport);
  const name = transportName(transport);
  const remarks: string[] = [];
  if (name !== carrier) remarks.push(`seen on ${name}, written as ${carrier}`);
  const there = shownOctets(message);
  if (there < length) remarks.push(`the first ${there} of ${length} octets`);
  return remarks.join('; ');
}

/** Octets of a message that find room in its frames. */
function shownOctets(message: WireMessage): number {
  const room = MAX_LENGTH - networkOctets(message) + ETHERNET;
  const here = message.octets.length;
  switch (carrierOf(message.transport)) {
    case 'udp':
      return Math.min(here, room - UDP);
    case 'tcp':
      return here;
    case 'sctp':
      return Math.min(here, (room - SCTP - DATA) & ~3);
  }
}

/** A number to begin with from a clock that ticks every 4 µs (RFC 9293 §3.4.1): a later beginning has a later one. */
function firstNumber(timeUs: number): number {
  return Math.floor(timeUs / 4) >>> 0;
}

function direction(next: number, tag: number): Direction {
  return { next, unacknowledged: 0, streamSequence: 0, tag: tag >>> 0 };
}

function handshake(message: WireMessage, frames: Buffer[]): Connection {
  const ours = firstNumber(message.trackedAtUs);
  const theirs = (ours ^ 0x8000_0000) >>> 0;
  const [forth, back] = [direction((ours + 1) >>> 0, 0), direction((theirs + 1) >>> 0, 0)];
  frames.push(
    tcpFrame(message, ours, 0, SYN, EMPTY),
    tcpFrame(turned(message), theirs, forth.next, SYN | ACK, EMPTY),
    tcpFrame(message, forth.next, back.next, ACK, EMPTY),
  );
  return { forth, back };
}

type Ends = Pick<WireMessage, 'family' | 'src' | 'srcPort' | 'dst' | 'dstPort'>;

function turned({ family, src, srcPort, dst, dstPort }: Ends): Ends {
  return { family, src: dst, srcPort: dstPort, dst: src, dstPort: srcPort };
}

function udpFrame(message: WireMessage): Buffer {
  const payload = message.octets.subarray(0, shownOctets(message));
  const frame = Buffer.alloc(networkOctets(message) + UDP + payload.length);
  const at = writeNetwork(frame, message, PROTOCOL_UDP);
  frame.writeUInt16BE(message.srcPort, at);
  frame.writeUInt16BE(message.dstPort, at + 2);
  frame.writeUInt16BE(UDP + payload.length, at + 4);
  payload.copy(frame, at + UDP);
  // Zero would say that there is no checksum (RFC 768).
  frame.writeUInt16BE(transportChecksum(frame, message, at, PROTOCOL_UDP) || 0xffff, at + 6);
  return frame;
}

function tcpFrame(ends: Ends, sequence: number, acknowledged: number, flags: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(networkOctets(ends) + TCP + payload.length);
  const at = writeNetwork(frame, ends, PROTOCOL_TCP);
  frame.writeUInt16BE(ends.srcPort, at);
  frame.writeUInt16BE(ends.dstPort, at + 2);
  frame.writeUInt32BE(sequence, at + 4);
  frame.writeUInt32BE(acknowledged, at + 8);
  frame.writeUInt8((TCP / 4) << 4, at + 12);
  frame.writeUInt8(flags, at + 13);
  frame.writeUInt16BE(WINDOW, at + 14);
  payload.copy(frame, at + TCP);
  frame.writeUInt16BE(transportChecksum(frame, ends, at, PROTOCOL_TCP), at + 16);
  return frame;
}

/** Octets in front of the transport's header. */
function networkOctets({ family }: Ends): number {
  return ETHERNET + (family === 4 ? IPV4 : IPV6);
}

/** Writes the headers of Ethernet and IP for a frame of this length. @returns where the transport's begins */
function writeNetwork(frame: Buffer, { family, src, dst }: Ends, protocol: number): number {
  // Addresses given out locally: destination …2, source …1.
  frame.writeUIntBE(0x020000000002, 0, 6);
  frame.writeUIntBE(0x020000000001, 6, 6);
  const at = ETHERNET;
  if (family === 4) {
    frame.writeUInt16BE(0x0800, 12);
    frame.writeUInt8(0x45, at);
    frame.writeUInt16BE(frame.length - ETHERNET, at + 2);
    // Don't fragment: then the identification may be zero (RFC 6864 §4.1).
    frame.writeUInt16BE(0x4000, at + 6);
    frame.writeUInt8(64, at + 8);
    frame.writeUInt8(protocol, at + 9);
    frame.writeInt32BE(src[3], at + 12);
    frame.writeInt32BE(dst[3], at + 16);
    frame.writeUInt16BE(checksum(frame, at, at + IPV4, 0), at + 10);
    return at + IPV4;
  }
  frame.writeUInt16BE(0x86dd, 12);
  frame.writeUInt8(0x60, at);
  frame.writeUInt16BE(frame.length - ETHERNET - IPV6, at + 4);
  frame.writeUInt8(protocol, at + 6);
  frame.writeUInt8(64, at + 7);
  for (let word = 0; word < 4; word++) {
    frame.writeInt32BE(src[word] ?? 0, at + 8 + word * 4);
    frame.writeInt32BE(dst[word] ?? 0, at + 24 + word * 4);
  }
  return at + IPV6;
}

/** Checksum with the pseudo-header (RFC 768, RFC 8200 §8.1) over everything from `at` on. */
function transportChecksum(frame: Buffer, { family }: Ends, at: number, protocol: number): number {
  const addresses = family === 4 ? 8 : 32;
  let sum = protocol + frame.length - at;
  for (let n = at - addresses; n < at; n += 2) sum += frame.readUInt16BE(n);
  return checksum(frame, at, frame.length, sum);
}

/** The Internet checksum (RFC 1071) over `[start, end)`, continued from a sum. */
function checksum(bytes: Buffer, start: number, end: number, from: number): number {
  let sum = from;
  let at = start;
  for (; at + 2 <= end; at += 2) sum += bytes.readUInt16BE(at);
  if (at < end) sum += bytes.readUInt8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
