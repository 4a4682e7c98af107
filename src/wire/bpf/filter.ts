/**
 * Packet filters for capture files: the part of pcap-filter(7) that people use, with the same meaning.
 *
 *   expression = term { ("and" | "or") term }        both bind alike, from left to right, as in tcpdump
 *   term       = "not" term | "(" expression ")" | primitive
 *   primitive  = "ip" | "ip6" | "arp" | "udp" | "tcp" | "sctp" | "icmp" | "icmp6" | "vlan" [id]
 *              | "less" n | "greater" n | "proto" n
 *              | [protocol] [direction] ("host" | "net" | "port" | "portrange") value
 *
 * A value alone takes the words of the one before it: `port 5060 or 5061`. `vlan` moves what is right of it behind the
 * tag, so `vlan and port 5060` finds tagged packets, and `port 5060` does not. A packet that the capture cut off before
 * an octet that is asked for is left out, whatever the expression, as the kernel's filter does.
 */
import { Buffer } from 'node:buffer';
import type { CapturedFrame } from '../../model/capture.ts';
import { parseCidr } from '../../model/cidr.ts';
import { parseIp } from '../../model/endpoint.ts';
import { LinkType } from '../pcap/frame.ts';

/** What is wrong with an expression, and where: octets from its beginning. */
export class FilterFault {
  readonly position: number;
  readonly reason: string;

  constructor(position: number, reason: string) {
    this.position = position;
    this.reason = reason;
  }
}

type Test = (view: View) => boolean;
type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst';
type Kind = 'host' | 'net' | 'port' | 'portrange';

interface Qualifiers {
  protocol: Protocol | undefined;
  direction: Direction;
  kind: Kind;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_RARP = 0x8035;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_TYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

const TRANSPORTS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmp6: 58 } as const;
const NETWORKS = { ip: ETHERTYPE_IPV4, ip6: ETHERTYPE_IPV6, arp: ETHERTYPE_ARP, rarp: ETHERTYPE_RARP } as const;
type Protocol = keyof typeof TRANSPORTS | keyof typeof NETWORKS;
const WITH_PORTS: readonly number[] = [TRANSPORTS.tcp, TRANSPORTS.udp, TRANSPORTS.sctp];
const IPV6_FRAGMENT = 44;

const SERVICES = new Map([
  ['sip', 5060],
  ['sips', 5061],
]);
const KINDS: ReadonlySet<string> = new Set(['host', 'net', 'port', 'portrange']);
const MAX_PORT = 65_535;
const MAX_DEPTH = 64;

/** The frame at hand, read as a program in the kernel would. */
class View {
  bytes: Buffer;
  linkType = 0;
  wireLength = 0;
  /** Something behind the captured octets was asked for. */
  isCut = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  u8(at: number): number {
    if (at + 1 <= this.bytes.length) return this.bytes.readUInt8(at);
    this.isCut = true;
    return 0;
  }

  u16(at: number): number {
    if (at + 2 <= this.bytes.length) return this.bytes.readUInt16BE(at);
    this.isCut = true;
    return 0;
  }

  word(at: number): number {
    if (at + 4 <= this.bytes.length) return this.bytes.readInt32BE(at);
    this.isCut = true;
    return 0;
  }

  /** EtherType behind so many VLAN tags, -1 = the link has none. */
  etherType(tags: number): number {
    switch (this.linkType) {
      case LinkType.ETHERNET:
        return this.u16(12 + 4 * tags);
      case LinkType.LINUX_SLL:
        return this.u16(14 + 4 * tags);
      case LinkType.LINUX_SLL2:
        return tags === 0 ? this.u16(0) : this.u16(18 + 4 * (tags - 1) + 4);
      default: {
        const at = this.network(0);
        if (at < 0 || tags > 0) return -1;
        const version = this.u8(at) >>> 4;
        return version === 4 ? ETHERTYPE_IPV4 : version === 6 ? ETHERTYPE_IPV6 : -1;
      }
    }
  }

  /** Where the network header begins behind so many VLAN tags, -1 = the link type is not known. */
  network(tags: number): number {
    switch (this.linkType) {
      case LinkType.ETHERNET:
        return 14 + 4 * tags;
      case LinkType.LINUX_SLL:
        return 16 + 4 * tags;
      case LinkType.LINUX_SLL2:
        return 20 + 4 * tags;
      case LinkType.NULL:
      case LinkType.LOOP:
        return 4;
      case LinkType.RAW:
      case LinkType.RAW_BSD:
      case LinkType.RAW_OPENBSD:
      case LinkType.IPV4:
      case LinkType.IPV6:
        return 0;
      default:
        return -1;
    }
  }
}

/** Compiles an expression; the empty one wants everything. */
export function compileFilter(expression: string): ((frame: CapturedFrame) => boolean) | FilterFault {
  const tokens = tokenize(expression);
  if (tokens instanceof FilterFault) return tokens;
  const view = new View(EMPTY);
  if (tokens.length === 0) return () => true;
  const parser = new FilterParser(tokens, expression.length);
  const test = parser.parse();
  if (parser.fault !== undefined) return parser.fault;
  return (frame) => {
    view.bytes = frame.bytes;
    view.linkType = frame.linkType;
    view.wireLength = frame.wireLength;
    view.isCut = false;
    const isWanted = test(view);
    view.bytes = EMPTY;
    return isWanted && !view.isCut;
  };
}

const EMPTY = Buffer.alloc(0);

interface Token {
  text: string;
  at: number;
}

function tokenize(expression: string): Token[] | FilterFault {
  const tokens: Token[] = [];
  const pattern = /\s+|\(|\)|&&|\|\||!|[A-Za-z0-9_.:/-]+/y;
  for (let at = 0; at < expression.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const [text] = pattern.exec(expression) ?? [];
    if (text === undefined) return new FilterFault(at, `"${expression[at] ?? ''}" is not understood`);
    if (text.trim() !== '') tokens.push({ text: SIGNS.get(text) ?? text, at });
  }
  return tokens;
}

const SIGNS = new Map([
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
]);

const NEVER: Test = () => false;

class FilterParser {
  fault: FilterFault | undefined;
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;
  #depth = 0;
  #tags = 0;
  #last: Qualifiers = { protocol: undefined, direction: 'src or dst', kind: 'host' };

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  parse(): Test {
    const test = this.#expression();
    const left = this.#tokens[this.#next];
    if (left !== undefined) return this.#fail(`"${left.text}" is not expected here`);
    return test;
  }

  get #word(): string {
    return this.#tokens[this.#next]?.text ?? '';
  }

  /** Takes the next word when it is this one. */
  #accept(word: string): boolean {
    if (this.#word !== word) return false;
    this.#next++;
    return true;
  }

  #fail(reason: string, at = this.#tokens[this.#next]?.at ?? this.#end): Test {
    this.fault ??= new FilterFault(at, reason);
    return NEVER;
  }

  #expression(): Test {
    let left = this.#term();
    while (this.fault === undefined) {
      const first = left;
      if (this.#accept('and')) {
        const second = this.#term();
        left = (view) => first(view) && !view.isCut && second(view);
      } else if (this.#accept('or')) {
        const second = this.#term();
        left = (view) => first(view) || (!view.isCut && second(view));
      } else break;
    }
    return left;
  }

  #term(): Test {
    if (this.#depth >= MAX_DEPTH) return this.#fail(`more than ${MAX_DEPTH} levels of "not" and parentheses`);
    this.#depth++;
    let test: Test;
    if (this.#accept('not')) {
      const inner = this.#term();
      test = (view) => !inner(view);
    } else if (this.#accept('(')) {
      test = this.#expression();
      if (!this.#accept(')')) this.#fail('")" is missing');
    } else test = this.#primitive();
    this.#depth--;
    return test;
  }

  #primitive(): Test {
    if (this.#next >= this.#tokens.length) return this.#fail('something is missing at the end');
    if (this.#accept('vlan')) return this.#vlan();
    if (this.#accept('less')) {
      const limit = this.#number(MAX_FRAME, 'a length');
      return (view) => view.wireLength <= limit;
    }
    if (this.#accept('greater')) {
      const limit = this.#number(MAX_FRAME, 'a length');
      return (view) => view.wireLength >= limit;
    }
    const protocol = this.#protocol();
    if (protocol !== undefined && (protocol === 'ip' || protocol === 'ip6') && this.#accept('proto')) {
      const number = this.#number(255, 'a protocol number');
      return ofProtocol(number, NETWORKS[protocol], this.#tags);
    }
    const direction = this.#direction();
    const kind = KINDS.has(this.#word) ? (this.#take() as Kind) : undefined; // one of KINDS
    if (protocol !== undefined && direction === undefined && kind === undefined) return this.#isProtocol(protocol);
    if (protocol !== undefined || direction !== undefined || kind !== undefined) {
      this.#last = { protocol, direction: direction ?? 'src or dst', kind: kind ?? 'host' };
    }
    return this.#value();
  }

  #take(): string {
    const word = this.#word;
    this.#next++;
    return word;
  }

  #protocol(): Protocol | undefined {
    const word = this.#word;
    if (!Object.hasOwn(TRANSPORTS, word) && !Object.hasOwn(NETWORKS, word)) return undefined;
    this.#next++;
    return word as Protocol; // a key of one of both
  }

  #isProtocol(protocol: Protocol): Test {
    const tags = this.#tags;
    if (protocol in NETWORKS) {
      const type = NETWORKS[protocol as keyof typeof NETWORKS];
      return (view) => view.etherType(tags) === type;
    }
    const number = TRANSPORTS[protocol as keyof typeof TRANSPORTS];
    const network = protocol === 'icmp' ? ETHERTYPE_IPV4 : protocol === 'icmp6' ? ETHERTYPE_IPV6 : undefined;
    return ofProtocol(number, network, tags);
  }

  #direction(): Direction | undefined {
    const first = this.#word;
    if (first !== 'src' && first !== 'dst') return undefined;
    this.#next++;
    const other = first === 'src' ? 'dst' : 'src';
    const [joint, second] = [this.#word, this.#tokens[this.#next + 1]?.text];
    if ((joint !== 'or' && joint !== 'and') || second !== other) return first;
    this.#next += 2;
    return `src ${joint} dst`;
  }

  #vlan(): Test {
    const tags = this.#tags++;
    const isTag: Test = (view) => VLAN_TYPES.has(view.etherType(tags));
    if (!/^\d+$/.test(this.#word)) return isTag;
    const id = this.#number(4095, 'a VLAN');
    return (view) => isTag(view) && (view.u16(view.network(tags)) & 0x0fff) === id;
  }

  #number(max: number, what: string): number {
    const at = this.#tokens[this.#next]?.at ?? this.#end;
    const word = this.#take();
    const value = /^\d{1,9}$/.test(word) ? Number(word) : Number.NaN;
    if (!(value <= max)) this.#fail(`"${word}" is no ${what.replace(/^an? /, '')} up to ${max}`, at);
    return value;
  }

  #value(): Test {
    const at = this.#tokens[this.#next]?.at ?? this.#end;
    const word = this.#take();
    const { protocol, direction, kind } = this.#last;
    switch (kind) {
      case 'port':
      case 'portrange':
        return this.#ports(word, at, kind, direction, protocol);
      case 'host':
      case 'net':
        return this.#addresses(word, at, kind, direction, protocol);
    }
  }

  #ports(word: string, at: number, kind: Kind, direction: Direction, protocol: Protocol | undefined): Test {
    const [low = Number.NaN, high = low] = word.split('-', kind === 'port' ? 1 : 2).map(portOf);
    const isSingle = kind === 'port' && word.includes('-');
    if (isSingle || !(low <= MAX_PORT) || !(high <= MAX_PORT) || high < low) {
      return this.#fail(`"${word}" is no ${kind === 'port' ? 'port' : 'range of ports such as 5060-5080'}`, at);
    }
    const transports = protocol === undefined ? WITH_PORTS : [TRANSPORTS[protocol as keyof typeof TRANSPORTS] ?? -1];
    const network = protocol === 'ip' || protocol === 'ip6' ? NETWORKS[protocol] : undefined;
    const wanted = network === undefined ? transports : WITH_PORTS;
    if (!wanted.every((number) => WITH_PORTS.includes(number))) return this.#fail(`${protocol ?? ''} has no ports`, at);
    const tags = this.#tags;
    const isIn = (port: number): boolean => port >= low && port <= high;
    return (view) => {
      const ports = portsAt(view, tags, wanted, network);
      return (
        ports >= 0 &&
        inDirection(
          direction,
          () => isIn(view.u16(ports)),
          () => isIn(view.u16(ports + 2)),
        )
      );
    };
  }

  #addresses(word: string, at: number, kind: Kind, direction: Direction, protocol: Protocol | undefined): Test {
    if (protocol !== undefined && protocol in TRANSPORTS) {
      return this.#fail(`${protocol} has no addresses: "${protocol} and ${kind} ${word}" is meant`, at);
    }
    const network = kind === 'host' ? hostOf(word) : this.#netOf(word);
    if (network === undefined) {
      const what = kind === 'host' ? 'address (names are not looked up)' : 'network such as 192.0.2.0/24';
      return this.#fail(`"${word}" is no ${what}`, at);
    }
    const isV6 = !(
      network.words[0] === 0 &&
      network.words[1] === 0 &&
      network.words[2] === 0xffff &&
      network.bits >= 96
    );
    const tags = this.#tags;
    if (isV6) {
      if (protocol !== undefined && protocol !== 'ip6') return this.#fail(`${protocol} has no IPv6 addresses`, at);
      return (view) => {
        if (view.etherType(tags) !== ETHERTYPE_IPV6) return false;
        const ip = view.network(tags);
        return inDirection(
          direction,
          () => matchesV6(view, ip + 8, network),
          () => matchesV6(view, ip + 24, network),
        );
      };
    }
    if (protocol === 'ip6') return this.#fail('ip6 has no IPv4 addresses', at);
    const mask = network.bits <= 96 ? 0 : (-1 << (128 - network.bits)) | 0;
    const value = network.words[3] & mask;
    const matches = (view: View, where: number): boolean => (view.word(where) & mask) === value;
    const types = protocol === undefined ? V4_TYPES : [NETWORKS[protocol as keyof typeof NETWORKS]];
    return (view) => {
      const type = view.etherType(tags);
      if (!types.includes(type)) return false;
      const header = view.network(tags);
      // ARP has its protocol addresses at 14 and 24 (RFC 826, for IPv4 over Ethernet).
      const [src, dst] = type === ETHERTYPE_IPV4 ? [header + 12, header + 16] : [header + 14, header + 24];
      return inDirection(
        direction,
        () => matches(view, src),
        () => matches(view, dst),
      );
    };
  }

  #netOf(word: string): Network | undefined {
    // `net 10.1` is 10.1.0.0/16, as tcpdump has it.
    if (/^\d{1,3}(\.\d{1,3}){0,2}$/.test(word)) {
      const parts = word.split('.');
      return cidr(`${[...parts, 0, 0, 0].slice(0, 4).join('.')}/${parts.length * 8}`);
    }
    if (this.#word === 'mask') {
      this.#next++;
      const mask = parseIp(this.#take());
      const address = parseIp(word);
      if (mask?.family !== 4 || address?.family !== 4) return undefined;
      const ones = Math.clz32(~mask.words[3]);
      if ((mask.words[3] | 0) !== (ones === 0 ? 0 : (-1 << (32 - ones)) | 0)) return undefined;
      return { words: address.words, bits: 96 + ones };
    }
    return word.includes('/') ? cidr(word) : hostOf(word);
  }
}

const MAX_FRAME = 262_144;
const V4_TYPES: readonly number[] = [ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_RARP];

interface Network {
  words: readonly [number, number, number, number];
  /** Leading bits that count, of 128. */
  bits: number;
}

function cidr(text: string): Network | undefined {
  return parseCidr(text);
}

function hostOf(text: string): Network | undefined {
  const address = parseIp(text);
  return address && { words: address.words, bits: 128 };
}

function portOf(word: string): number {
  return SERVICES.get(word) ?? (/^\d{1,5}$/.test(word) ? Number(word) : Number.NaN);
}

function inDirection(direction: Direction, src: () => boolean, dst: () => boolean): boolean {
  switch (direction) {
    case 'src':
      return src();
    case 'dst':
      return dst();
    case 'src or dst':
      return src() || dst();
    case 'src and dst':
      return src() && dst();
  }
}

function matchesV6(view: View, at: number, network: Network): boolean {
  for (let word = 0; word * 32 < network.bits; word++) {
    const bits = Math.min(32, network.bits - word * 32);
    const mask = bits === 32 ? -1 : (-1 << (32 - bits)) | 0;
    if ((view.word(at + word * 4) & mask) !== (network.words[word]! & mask)) return false; // of four
  }
  return true;
}

/** A packet of this IP protocol; in IPv6 directly behind the header, or behind a fragment header alone. */
function ofProtocol(number: number, network: number | undefined, tags: number): Test {
  return (view) => {
    const type = view.etherType(tags);
    if (network !== undefined && type !== network) return false;
    const ip = view.network(tags);
    if (type === ETHERTYPE_IPV4) return view.u8(ip + 9) === number;
    if (type !== ETHERTYPE_IPV6) return false;
    const next = view.u8(ip + 6);
    return next === number || (next === IPV6_FRAGMENT && view.u8(ip + 40) === number);
  };
}

/** Where the ports are, -1 = none: another protocol, or not the first fragment. */
function portsAt(view: View, tags: number, transports: readonly number[], network: number | undefined): number {
  const type = view.etherType(tags);
  if (network !== undefined && type !== network) return -1;
  const ip = view.network(tags);
  if (type === ETHERTYPE_IPV4) {
    if (!transports.includes(view.u8(ip + 9)) || (view.u16(ip + 6) & 0x1fff) !== 0) return -1;
    return ip + (view.u8(ip) & 15) * 4;
  }
  if (type !== ETHERTYPE_IPV6 || !transports.includes(view.u8(ip + 6))) return -1;
  return ip + 40;
}
