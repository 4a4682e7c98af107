import { Parser } from 'binary-parser';
import type { LegQuality, MediaFlow } from '../../model/qos.ts';

/**
 * Records of the SBC, declared field by field. Only parts of a fixed size are declared: fields that carry their own
 * length follow them and are read by `VarField`, which can say that one ends too late. The parser behind a layout
 * throws outside its octets, so whoever reads has seen that `octets` of them are there.
 */
export class Layout<Fields> {
  readonly octets: number;
  readonly #parser: Parser;

  constructor(parser: Parser) {
    this.#parser = parser;
    this.octets = parser.sizeOf();
  }

  /** Reads the record whose first octet is at `start`. */
  read(bytes: Buffer, start: number): Fields {
    // The fields are those declared below, beside their type.
    return this.#parser.parse(bytes.subarray(start, start + this.octets)) as Fields;
  }
}

const record = (): Parser => new Parser().endianess('big');

/** What every record with SIP begins with. */
export interface Sighting {
  seconds: number;
  microseconds: number;
  slot: number;
  port: number;
  vlan: number;
}

const sighting = (): Parser =>
  record().uint32('seconds').uint32('microseconds').uint8('slot').uint8('port').uint16('vlan');

/** Sets 258 and 259 up to their first variable part. */
export const SIP_UDP = new Layout<Sighting>(sighting());

export interface TcpSighting extends Sighting {
  destination: number;
  source: number;
  destinationPort: number;
  sourcePort: number;
  contextId: number;
}

/** Sets 260 and 261 up to their first variable part: destination comes first. */
export const SIP_TCP = new Layout<TcpSighting>(
  sighting().int32('destination').int32('source').uint16('destinationPort').uint16('sourcePort').uint32('contextId'),
);

export interface Connect {
  majorVersion: number;
  minorVersion: number;
  configFlags: number;
  configFlags2: number;
  systemFlags: number;
  keepaliveS: number;
  systemId: number;
  product: number;
  productMajor: number;
  productMinor: number;
  revision: number;
}

/** Sets 256 and 257 up to the length of the host name. */
export const CONNECT = new Layout<Connect>(
  record()
    .uint16('majorVersion')
    .uint16('minorVersion')
    .uint16('configFlags')
    .uint16('configFlags2')
    .uint16('systemFlags')
    .uint16('keepaliveS')
    .uint32('systemId')
    .uint16('product')
    .uint8('productMajor')
    .uint8('productMinor')
    .uint8('revision'),
);

export interface Interface {
  slot: number;
  port: number;
  vlan: number;
}

export interface Quality {
  incoming: LegQuality;
  outgoing: LegQuality;
  payloadType: number;
  callerIncoming: MediaFlow;
  calleeIncoming: MediaFlow;
  callerOutgoing: MediaFlow;
  calleeOutgoing: MediaFlow;
  caller: Interface;
  callee: Interface;
  beginSeconds: number;
  beginMicroseconds: number;
  endSeconds: number;
  endMicroseconds: number;
}

const legQuality = record()
  .uint32('rtpBytes')
  .uint32('rtpPackets')
  .uint32('rtpLost')
  .uint32('rtpAverageJitter')
  .uint32('rtpMaxJitter')
  .uint32('rtcpBytes')
  .uint32('rtcpPackets')
  .uint32('rtcpLost')
  .uint32('rtcpAverageJitter')
  .uint32('rtcpMaxJitter')
  .uint32('rtcpAverageLatency')
  .uint32('rtcpMaxLatency')
  .uint32('rFactor')
  .uint32('mos');
const mediaFlow = record().int32('source').int32('destination').uint16('sourcePort').uint16('destinationPort');
const networkInterface = record().uint8('slot').uint8('port').uint16('vlan');

/** Set 268 up to its texts. */
export const QUALITY = new Layout<Quality>(
  record()
    .nest('incoming', { type: legQuality })
    .nest('outgoing', { type: legQuality })
    .uint8('payloadType')
    .nest('callerIncoming', { type: mediaFlow })
    .nest('calleeIncoming', { type: mediaFlow })
    .nest('callerOutgoing', { type: mediaFlow })
    .nest('calleeOutgoing', { type: mediaFlow })
    .nest('caller', { type: networkInterface })
    .nest('callee', { type: networkInterface })
    .uint32('beginSeconds')
    .uint32('beginMicroseconds')
    .uint32('endSeconds')
    .uint32('endMicroseconds'),
);
