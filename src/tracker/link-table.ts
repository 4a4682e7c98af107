import { cidrContains } from '../model/cidr.ts';
import { type CounterSet, Links } from '../model/counters.ts';
import { finish, mix } from '../model/hash.ts';
import { FIRST_NAMED, METHODS, REINVITE } from '../model/link-type.ts';
import { Method } from '../model/method.ts';
import type { Packet } from '../model/packet.ts';
import type { Cidr, LinkSettings } from '../model/settings.ts';
import type { SipMessage } from '../sip/message.ts';
import { sameText } from './match.ts';

/**
 * How many messages of which type went which way between two hosts: one link per server, transport, server port and
 * client; ports of clients change with every connection and are not told apart.
 *
 *   links   [ family, transport, port, server ×4, client ×4 ]   in order of appearance, found through places by hash
 *   cells   (link, type and direction) → count                  likewise
 *
 * All in typed arrays that double while they may, so that a message costs two look-ups and one addition, and nothing
 * on the heap. Which end is the server is decided anew for each message, as sipcounter does.
 */
export const Direction = { OUT: 0, IN: 1, UNKNOWN: 2 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

/** Offsets of a link's numbers. */
export const LinkAt = { FAMILY: 0, TRANSPORT: 1, PORT: 2, SERVER: 3, CLIENT: 7, SIZE: 11 } as const;
/** Offsets of a cell's numbers. */
const CellAt = { LINK: 0, KEY: 1, SIZE: 2 } as const;

/** Cells there may be for each link that there may be; a link with ordinary calls has about 20. */
const CELLS_PER_LINK = 64;
const FIRST_PLACES = 256;
/** A type and its direction in one number. */
const DIRECTIONS = 4;
const MAX_NAMES = METHODS - FIRST_NAMED;
const MAX_NAME = 32;

export class LinkTable {
  readonly #settings: LinkSettings;
  readonly #counters: CounterSet;
  readonly #seed: number;
  readonly #maxCells: number;
  /** 1 = a port of servers. */
  readonly #isServerPort = new Uint8Array(65_536);
  #links = new Int32Array(0);
  #size = 0;
  /** Number of a link plus one by hash, 0 = none; at most half of the places are taken. */
  #linkPlaces = new Int32Array(FIRST_PLACES);
  #cells = new Int32Array(0);
  #counts = new Float64Array(0);
  #cellsUsed = 0;
  #cellPlaces = new Int32Array(FIRST_PLACES);
  readonly #names: string[] = [];

  constructor(settings: LinkSettings, counters: CounterSet, hashSeed: number) {
    this.#settings = settings;
    this.#counters = counters;
    this.#seed = hashSeed;
    this.#maxCells = settings.maxLinks * CELLS_PER_LINK;
    for (const port of settings.ports) this.#isServerPort[port] = 1;
  }

  get size(): number {
    return this.#size;
  }

  get cells(): number {
    return this.#cellsUsed;
  }

  /** Methods that are none of method.ts, by their number less `FIRST_NAMED`. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Counts one message. */
  count(packet: Packet, message: SipMessage): void {
    if (this.#settings.maxLinks === 0) return;
    const p = packet;
    const direction = this.#direction(p);
    const { family, transport } = p;
    // The ends go as plain numbers: by way of an array they took three times as long (bench/micro/pipeline.bench.ts).
    const link =
      direction === Direction.OUT
        ? this.#link(family, transport, p.srcPort, p.src0, p.src1, p.src2, p.src3, p.dst0, p.dst1, p.dst2, p.dst3)
        : this.#link(family, transport, p.dstPort, p.dst0, p.dst1, p.dst2, p.dst3, p.src0, p.src1, p.src2, p.src3);
    const cell = link < 0 ? -1 : this.#cell(link, this.#type(message) * DIRECTIONS + direction);
    if (cell < 0) {
      this.#counters.add(Links.LEFT_OUT, 1);
      return;
    }
    this.#counts[cell]! += 1; // a cell that was just found
    this.#counters.add(Links.COUNTED, 1);
  }

  /** One number of a link, at one of `LinkAt`. */
  linkNumber(link: number, at: number): number {
    return this.#links[link * LinkAt.SIZE + at] ?? 0;
  }

  cellLink(cell: number): number {
    return this.#cells[cell * CellAt.SIZE + CellAt.LINK] ?? 0;
  }

  cellType(cell: number): number {
    return Math.floor((this.#cells[cell * CellAt.SIZE + CellAt.KEY] ?? 0) / DIRECTIONS);
  }

  cellDirection(cell: number): number {
    return (this.#cells[cell * CellAt.SIZE + CellAt.KEY] ?? 0) % DIRECTIONS;
  }

  cellCount(cell: number): number {
    return this.#counts[cell] ?? 0;
  }

  /** Takes back what one cell of a snapshot counted. @returns false when there is no room */
  putBack(link: readonly number[], type: number, direction: number, count: number): boolean {
    const [family = 4, transport = 0, port = 0, s0 = 0, s1 = 0, s2 = 0, s3 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0] = link;
    const found = this.#link(family, transport, port, s0, s1, s2, s3, c0, c1, c2, c3);
    const cell = found < 0 ? -1 : this.#cell(found, type * DIRECTIONS + direction);
    if (cell < 0) return false;
    this.#counts[cell]! += count; // as above
    return true;
  }

  /** Number of a method by its name, for a snapshot; `undefined` when there is no room. */
  named(name: string): number | undefined {
    const known = this.#names.indexOf(name);
    if (known >= 0) return FIRST_NAMED + known;
    if (this.#names.length >= MAX_NAMES || name.length > MAX_NAME) return undefined;
    this.#names.push(name);
    return FIRST_NAMED + this.#names.length - 1;
  }

  #direction(p: Packet): Direction {
    const { srcPort, dstPort } = p;
    // A port of 0 counts as absent.
    if (srcPort === 0 || dstPort === 0) return Direction.UNKNOWN;
    const { servers } = this.#settings;
    if (servers.length > 0) {
      if (isIn(servers, p.src0, p.src1, p.src2, p.src3)) return Direction.OUT;
      if (isIn(servers, p.dst0, p.dst1, p.dst2, p.dst3)) return Direction.IN;
    }
    if (this.#isServerPort[dstPort] === 1) return Direction.IN;
    if (this.#isServerPort[srcPort] === 1) return Direction.OUT;
    // The higher port is the client's.
    return srcPort < dstPort ? Direction.OUT : Direction.IN;
  }

  #type(message: SipMessage): number {
    const { cseqMethod } = message;
    const method =
      cseqMethod === Method.OTHER ? this.#nameOf(message, message.cseqMethodStart, message.cseqMethodEnd) : cseqMethod;
    if (!message.isRequest) return message.statusCode * METHODS + method;
    if (message.method === Method.INVITE && message.toTagEnd > message.toTagStart) return REINVITE * METHODS + method;
    // RFC 3261 §8.1.1.5 wants both equal; without a CSeq the request line still says what it is.
    if (message.method === cseqMethod || cseqMethod !== Method.UNDEF) return method;
    return message.method === Method.OTHER
      ? this.#nameOf(message, message.methodStart, message.methodEnd)
      : message.method;
  }

  /** Number of a method we have no number for; those that find no room are all the same. */
  #nameOf(message: SipMessage, start: number, end: number): number {
    const { bytes } = message;
    for (let n = 0; n < this.#names.length; n++) {
      if (sameText(bytes, start, end, this.#names[n]!)) return FIRST_NAMED + n; // below the length
    }
    if (end - start > MAX_NAME) return Method.OTHER;
    return this.named(message.text(start, end)) ?? Method.OTHER;
  }

  /** Number of a link, -1 when there is no room for it. */
  #link(
    family: number,
    transport: number,
    port: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
    c0: number,
    c1: number,
    c2: number,
    c3: number,
  ): number {
    const hash = this.#linkHash(family, (transport << 16) | port, s0, s1, s2, s3, c0, c1, c2, c3);
    const links = this.#links;
    const mask = this.#linkPlaces.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const link = this.#linkPlaces[place]! - 1; // inside: masked
      if (link < 0) {
        return this.#newLink(place, [family, transport, port, s0, s1, s2, s3, c0, c1, c2, c3]);
      }
      const at = link * LinkAt.SIZE;
      if (
        links[at + LinkAt.CLIENT + 3] === c3 &&
        links[at + LinkAt.SERVER + 3] === s3 &&
        links[at + LinkAt.PORT] === port &&
        links[at + LinkAt.TRANSPORT] === transport &&
        links[at + LinkAt.CLIENT] === c0 &&
        links[at + LinkAt.CLIENT + 1] === c1 &&
        links[at + LinkAt.CLIENT + 2] === c2 &&
        links[at + LinkAt.SERVER] === s0 &&
        links[at + LinkAt.SERVER + 1] === s1 &&
        links[at + LinkAt.SERVER + 2] === s2 &&
        links[at + LinkAt.FAMILY] === family
      ) {
        return link;
      }
    }
  }

  /** IPv4 addresses differ in their last words only (see endpoint.ts). */
  #linkHash(
    family: number,
    carrier: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
    c0: number,
    c1: number,
    c2: number,
    c3: number,
  ): number {
    let hash = mix(mix(mix(this.#seed, s3), c3), carrier);
    if (family === 6) hash = mix(mix(mix(mix(mix(mix(hash, s0), s1), s2), c0), c1), c2);
    return finish(hash);
  }

  #newLink(place: number, key: readonly number[]): number {
    if (this.#size >= this.#settings.maxLinks) return -1;
    const link = this.#size++;
    const end = this.#size * LinkAt.SIZE;
    if (end > this.#links.length) {
      const links = new Int32Array(Math.max(end, this.#links.length * 2, 16 * LinkAt.SIZE));
      links.set(this.#links);
      this.#links = links;
    }
    this.#links.set(key, end - LinkAt.SIZE);
    this.#linkPlaces[place] = link + 1;
    if (this.#size * 2 > this.#linkPlaces.length) this.#spreadLinks();
    this.#counters.set(Links.ACTIVE, this.#size);
    return link;
  }

  #spreadLinks(): void {
    const places = new Int32Array(this.#linkPlaces.length * 2);
    const mask = places.length - 1;
    const links = this.#links;
    for (let link = 0; link < this.#size; link++) {
      const at = link * LinkAt.SIZE;
      const { FAMILY, TRANSPORT, PORT, SERVER, CLIENT } = LinkAt;
      const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = links.subarray(at + SERVER, at + SERVER + 4);
      const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = links.subarray(at + CLIENT, at + CLIENT + 4);
      const carrier = (links[at + TRANSPORT]! << 16) | links[at + PORT]!; // inside: below the size
      let place = this.#linkHash(links[at + FAMILY]!, carrier, s0, s1, s2, s3, c0, c1, c2, c3) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = link + 1;
    }
    this.#linkPlaces = places;
  }

  #cell(link: number, key: number): number {
    const mask = this.#cellPlaces.length - 1;
    for (let place = this.#cellHash(link, key) & mask; ; place = (place + 1) & mask) {
      const cell = this.#cellPlaces[place]! - 1; // inside: masked
      if (cell < 0) return this.#newCell(place, link, key);
      const at = cell * CellAt.SIZE;
      if (this.#cells[at + CellAt.KEY] === key && this.#cells[at + CellAt.LINK] === link) return cell;
    }
  }

  #newCell(place: number, link: number, key: number): number {
    if (this.#cellsUsed >= this.#maxCells) return -1;
    const cell = this.#cellsUsed++;
    if (cell >= this.#counts.length) {
      const room = Math.max(64, cell * 2);
      const cells = new Int32Array(room * CellAt.SIZE);
      cells.set(this.#cells);
      this.#cells = cells;
      const counts = new Float64Array(room);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#cells[cell * CellAt.SIZE + CellAt.LINK] = link;
    this.#cells[cell * CellAt.SIZE + CellAt.KEY] = key;
    this.#cellPlaces[place] = cell + 1;
    if (this.#cellsUsed * 2 > this.#cellPlaces.length) this.#spreadCells();
    return cell;
  }

  #spreadCells(): void {
    const places = new Int32Array(this.#cellPlaces.length * 2);
    const mask = places.length - 1;
    for (let cell = 0; cell < this.#cellsUsed; cell++) {
      const at = cell * CellAt.SIZE;
      let place = this.#cellHash(this.#cells[at + CellAt.LINK]!, this.#cells[at + CellAt.KEY]!) & mask; // both inside
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = cell + 1;
    }
    this.#cellPlaces = places;
  }

  #cellHash(link: number, key: number): number {
    return finish(mix(mix(this.#seed, link), key));
  }
}

function isIn(networks: readonly Cidr[], w0: number, w1: number, w2: number, w3: number): boolean {
  for (const network of networks) if (cidrContains(network, w0, w1, w2, w3)) return true;
  return false;
}
