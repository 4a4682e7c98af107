import { type CounterSet, Ipfix } from '../model/counters.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import { displayText } from '../model/text.ts';
import type { EndpointView, ProbeView } from '../model/views.ts';
import type { ConnectRequest } from '../wire/ipfix/connect.ts';
import type { Negotiated } from '../wire/ipfix/negotiate.ts';
import { Account } from './account.ts';
import { SetBooks } from './set-books.ts';

/** One connection of an SBC: who it is, what was agreed, and its books. It is gone with the connection. */
export class Probe extends Account {
  readonly number: number;
  readonly peer: EndpointView;
  readonly local: EndpointView;
  readonly startedUs: number;
  lastIoUs: number;
  messages = 0;
  sipSets = 0;
  qosSets = 0;
  handshakes = 0;
  readonly sets = new SetBooks();
  agreed: Negotiated;
  /** The last connect request. */
  request: ConnectRequest | undefined = undefined;

  constructor(number: number, peer: EndpointView, local: EndpointView, agreed: Negotiated, nowUs: number) {
    super(`${formatEndpoint(peer.ip, peer.port)}/ipfix`, peer.ip, nowUs, true);
    this.number = number;
    this.peer = peer;
    this.local = local;
    this.agreed = agreed;
    this.startedUs = nowUs;
    this.lastIoUs = nowUs;
  }

  view(nowUs: number): ProbeView {
    const { request } = this;
    return {
      id: this.number,
      agent: this.id,
      peer: this.peer,
      local: this.local,
      startedUs: this.startedUs,
      lastIoUs: this.lastIoUs,
      timeoutS: this.agreed.timeoutS,
      keepaliveS: this.agreed.keepaliveS,
      handshakes: this.handshakes,
      protocolVersion: request === undefined ? null : `${request.majorVersion}.${request.minorVersion}`,
      flags:
        request === undefined
          ? []
          : [request.configFlags, request.configFlags2, request.systemFlags].map((word) => hexadecimal(word)),
      requestedKeepaliveS: request?.keepaliveS ?? null,
      systemId: request?.systemId ?? null,
      product: request === undefined ? null : hexadecimal(request.product),
      productVersion:
        request === undefined ? null : `${request.productMajor}.${request.productMinor}.${request.revision}`,
      host: request === undefined ? null : displayText(request.host),
      messages: this.messages,
      bytes: this.bytes,
      ...this.rate(nowUs),
      sipSets: this.sipSets,
      qosSets: this.qosSets,
      sets: this.sets.view(),
      received: this.packets,
      tracked: this.tracked,
      dropped: this.dropped,
      refused: this.refusedByCode,
      ignored: this.ignoredByReason,
      clockOffsetMs: this.clockOffsetMs,
      lastFault: this.lastFaultView,
    };
  }
}

function hexadecimal(word: number): string {
  return word.toString(16).padStart(4, '0');
}

/** The open connections in the order in which they were accepted; how many there may be is the listener's limit. */
export class ProbeTable {
  readonly #probes = new Set<Probe>();
  readonly #counters: CounterSet;
  #next = 0;

  constructor(counters: CounterSet) {
    this.#counters = counters;
  }

  get size(): number {
    return this.#probes.size;
  }

  open(peer: EndpointView, local: EndpointView, agreed: Negotiated, nowUs: number): Probe {
    const probe = new Probe(this.#next++, peer, local, agreed, nowUs);
    this.#probes.add(probe);
    this.#counters.add(Ipfix.CONNS_TOTAL, 1);
    this.#counters.addGauge(Ipfix.CONNS_ACTIVE, 1);
    return probe;
  }

  close(probe: Probe, nowUs: number): void {
    if (!this.#probes.delete(probe)) return;
    this.#counters.addGauge(Ipfix.CONNS_ACTIVE, -1);
    const lifetimeS = Math.floor((nowUs - probe.startedUs) / 1e6);
    this.#counters.set(Ipfix.MAX_CONN_LIFETIME, Math.max(lifetimeS, this.#counters.get(Ipfix.MAX_CONN_LIFETIME)));
  }

  probes(): IterableIterator<Probe> {
    return this.#probes.values();
  }

  /** Newest first. */
  newest(offset: number, limit: number, nowUs: number): ProbeView[] {
    return [...this.#probes]
      .toReversed()
      .slice(offset, offset + limit)
      .map((probe) => probe.view(nowUs));
  }
}
