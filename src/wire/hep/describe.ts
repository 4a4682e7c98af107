import { type KeptEnvelope, Note } from '../../model/packet.ts';
import type { EnvelopeFieldView } from '../../model/views.ts';
import { address, decimal, FieldList, hex, named, type Show, text, unsigned } from '../field-list.ts';
import { Chunk, CHUNK_HEADER, Family, HEP2_TIME, HEP2_TIME_PACKED, HEP3_HEADER, uint16 } from './format.ts';

/** What a HEP packet says besides its payload, for people: nothing here is used to decode one. */

const FAMILIES = new Map<number, string>([
  [Family.INET, 'IPv4'],
  [Family.INET6_LINUX, 'IPv6'],
  [Family.INET6_NETBSD, 'IPv6'],
  [Family.INET6_FREEBSD, 'IPv6'],
  [Family.INET6_DARWIN, 'IPv6'],
]);
/** The last two are what HEP makes of numbers that mean something else elsewhere. */
const PROTOCOLS = new Map([
  [17, 'UDP'],
  [6, 'TCP'],
  [132, 'SCTP'],
  [22, 'TLS'],
  [50, 'WebSocket'],
]);
const KINDS = new Map([
  [1, 'SIP'],
  [2, 'XMPP'],
  [3, 'SDP'],
  [4, 'RTP'],
  [5, 'RTCP'],
  [6, 'MGCP'],
  [7, 'MEGACO'],
  [100, 'log'],
]);
const VENDORS = new Map([
  [0, 'generic'],
  [1, 'FreeSWITCH'],
  [2, 'Kamailio'],
  [3, 'OpenSIPS'],
  [4, 'Asterisk'],
  [5, 'Homer'],
  [6, 'sipXecs'],
  [7, 'Yeti'],
  [8, 'Genesys'],
]);
const GENERIC = 0;
const GENESYS = 8;
const GENESYS_TEXTS = new Map([
  [0x80, 'conversationId'],
  [0x81, 'organizationId'],
  [0x82, 'siteId'],
  [0x83, 'trunkBaseId'],
  [0x84, 'edgeId'],
]);
const EVENTS = new Map([
  [1, 'recording'],
  [2, 'lawful interception'],
]);

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK'];
const tcpFlags: Show = (value) => {
  const bits = unsigned(value);
  return `${hex(value)} (${TCP_FLAGS.filter((_name, at) => (bits >> at) & 1).join(' ')})`;
};
const hundredths: Show = (value) => `${unsigned(value)} (${(unsigned(value) / 100).toFixed(2)})`;
const mac: Show = (value) => hex(value).replaceAll(/(..)(?=.)/g, '$1:');

interface ChunkKind {
  name: string;
  /** Octets of its value, 0 = any. */
  size: number;
  show: Show;
}

const chunk = (name: string, size = 0, show: Show = size === 0 ? text : decimal): ChunkKind => ({ name, size, show });

const CHUNKS: ReadonlyMap<number, ChunkKind> = new Map([
  [Chunk.FAMILY, chunk('IP family', 1, named(FAMILIES))],
  [Chunk.PROTOCOL, chunk('IP protocol', 1, named(PROTOCOLS))],
  [Chunk.IPV4_SOURCE, chunk('IPv4 source address', 4, address)],
  [Chunk.IPV4_DESTINATION, chunk('IPv4 destination address', 4, address)],
  [Chunk.IPV6_SOURCE, chunk('IPv6 source address', 16, address)],
  [Chunk.IPV6_DESTINATION, chunk('IPv6 destination address', 16, address)],
  [Chunk.SOURCE_PORT, chunk('source port', 2)],
  [Chunk.DESTINATION_PORT, chunk('destination port', 2)],
  [Chunk.SECONDS, chunk('seconds since 1970', 4)],
  [Chunk.MICROSECONDS, chunk('microseconds', 4)],
  [Chunk.KIND, chunk('protocol type', 1, named(KINDS))],
  [Chunk.CAPTURE_ID, chunk('capture agent id', 4)],
  [0x0d, chunk('keep-alive timer in seconds', 2)],
  [Chunk.AUTH_KEY, chunk('authentication key')],
  [Chunk.PAYLOAD, chunk('payload')],
  [Chunk.COMPRESSED_PAYLOAD, chunk('compressed payload', 0, hex)],
  [Chunk.CORRELATION_ID, chunk('correlation id')],
  [Chunk.VLAN, chunk('VLAN', 2)],
  [Chunk.NODE_NAME, chunk('agent name')],
  [0x14, chunk('source MAC address', 8, mac)],
  [0x15, chunk('destination MAC address', 8, mac)],
  [0x16, chunk('Ethernet type', 2, hex)],
  [0x17, chunk('TCP flags', 1, tcpFlags)],
  [0x18, chunk('IP type of service', 1, hex)],
  [Chunk.MOS, chunk('MOS × 100', 2, hundredths)],
  [Chunk.R_FACTOR, chunk('R-factor', 2)],
  [0x22, chunk('geo location')],
  [0x23, chunk('jitter', 4)],
  [0x24, chunk('transaction type')],
  [0x25, chunk('payload JSON keys')],
  [0x26, chunk('tag values')],
  [0x27, chunk('tag type', 2)],
  [0x28, chunk('event type', 2, named(EVENTS))],
  [0x29, chunk('group id')],
  [0x65, chunk('OpenSIPS correlation')],
]);

interface Described {
  fields: EnvelopeFieldView[];
  isCut: boolean;
}

/**
 * Chunks of a HEP3 packet in their order. The key of an agent is never told, nor how long it is.
 *
 *   before: HEP3 │ chunk … │ head of the payload's chunk ┊ after: chunk …
 */
export function describeHep3({ before, after }: KeptEnvelope): Described {
  const octets = Buffer.concat([before, after]);
  const fields: EnvelopeFieldView[] = [];
  const total = octets.length < HEP3_HEADER ? 0 : uint16(octets, 4);
  let told = HEP3_HEADER;
  let at = HEP3_HEADER;
  while (octets.length - at >= CHUNK_HEADER) {
    const vendor = uint16(octets, at);
    const type = uint16(octets, at + 2);
    const length = uint16(octets, at + 4) - CHUNK_HEADER;
    if (length < 0) break; // was refused by the decoder; here it only ends the list
    at += CHUNK_HEADER;
    const isPayload = vendor === GENERIC && (type === Chunk.PAYLOAD || type === Chunk.COMPRESSED_PAYLOAD);
    const isTheMessage = isPayload && at === before.length;
    const isSecret = vendor === GENERIC && type === Chunk.AUTH_KEY;
    const [name, show] = readingOf(vendor, type, length);
    const end = isTheMessage ? at : at + length;
    const isHeld = end <= octets.length;
    const value = isTheMessage ? '' : isSecret ? 'not shown' : isHeld ? show(octets.subarray(at, end)) : 'not kept';
    fields.push({ vendor, type, name, length: isSecret ? null : length, value });
    if (!isHeld) return { fields, isCut: true };
    told += CHUNK_HEADER + length;
    at = end;
  }
  return { fields, isCut: told < total };
}

/** What a chunk is called, and how its value reads. Types mean something together with their vendor only. */
function readingOf(vendor: number, type: number, length: number): [name: string, show: Show] {
  if (vendor === GENERIC) {
    const known = CHUNKS.get(type);
    if (known === undefined) return ['unknown', hex];
    if (known.size === 0 || known.size === length) return [known.name, known.show];
    // As the decoder does: heplify may write the 16 octets of an IPv4-mapped address.
    const isMapped = length === 16 && (type === Chunk.IPV4_SOURCE || type === Chunk.IPV4_DESTINATION);
    return isMapped ? [known.name, address] : [`${known.name}, of a wrong size`, hex];
  }
  const field = vendor === GENESYS ? GENESYS_TEXTS.get(type) : undefined;
  const owner = VENDORS.get(vendor) ?? 'unknown vendor';
  return field === undefined ? [`${owner}, unknown`, hex] : [`${owner} ${field}`, text];
}

/** The head of HEP version 1 or 2. */
export function describeHep12({ version, before, notes }: KeptEnvelope): Described {
  const list = new FieldList(before);
  list.take('version', 1);
  list.take('header length', 1);
  const family = list.take('address family', 1, named(FAMILIES));
  list.take('IP protocol', 1, named(PROTOCOLS));
  list.take('source port', 2);
  list.take('destination port', 2);
  const octets = unsigned(family) === Family.INET ? 4 : 16;
  list.take('source address', octets, address);
  list.take('destination address', octets, address);
  if (version === 1) return list;
  // The second version is in the sender's own order of octets, which is known of its time only.
  const number: Show = (notes & Note.BIG_ENDIAN_V2) === 0 ? (value) => decimal(reversed(value)) : decimal;
  list.take('seconds since 1970', 4, number);
  list.take('microseconds', 4, number);
  list.take('capture agent id', 2, number);
  if ((notes & Note.PACKED_V2) === 0) list.take('padding', HEP2_TIME - HEP2_TIME_PACKED, hex);
  return list;
}

function reversed(value: Buffer): Buffer {
  return Buffer.from(value.toReversed());
}
