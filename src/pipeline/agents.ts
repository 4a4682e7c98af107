import { type CounterSet, Hep } from '../model/counters.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import type { Cidr, HepAuthSettings } from '../model/settings.ts';
import { isAddressIn, unmapped } from '../model/cidr.ts';
import type { AgentView } from '../model/views.ts';
import { Account } from './account.ts';

/**
 * Who sends: a `Sender` is where packets come from (UDP source or connection), an `Agent` is what a user calls one,
 * told by address and capture id. Over UDP the source port belongs to the agent; over TCP it changes with every
 * connection and does not.
 *
 * At most `maxAgents` are held. When full, agents that never sent anything good and those silent for long make room,
 * at most once a second, so that forged sources cost neither memory nor time; what finds no room is counted under
 * one unlisted agent.
 */
export type Listener = 'udp' | 'tcp' | 'tls';

const MAKE_ROOM_US = 1_000_000;
const IDLE_US = 3_600_000_000;
const MAX_NODE_NAME = 64;

export class Agent extends Account {
  readonly listener: Listener;
  readonly rawCaptureId: number;
  readonly captureId: number;
  readonly firstSeenUs: number;
  port: number;
  nodeName = '';
  /** Bit n = HEP version n was seen. */
  versions = 0;
  /** False when it had to make room. A connection may still know it: its next packet is looked up again. */
  isListed = true;

  constructor(id: string, ip: string, port: number, listener: Listener, rawCaptureId: number, nowUs: number) {
    super(id, ip, nowUs, listener !== 'udp');
    this.port = port;
    this.listener = listener;
    this.rawCaptureId = rawCaptureId;
    this.captureId = displayCaptureId(rawCaptureId);
    this.firstSeenUs = nowUs;
  }

  /** Takes the node name of a packet when it differs from the one known. */
  nameNode(bytes: Buffer, start: number, end: number): void {
    const stop = Math.min(end, start + MAX_NODE_NAME);
    const name = bytes.toString('utf8', start, stop);
    if (name !== this.nodeName) this.nodeName = name;
  }

  view(nowUs: number): AgentView {
    return {
      id: this.id,
      source: { ip: this.ip, port: this.port },
      transport: this.listener,
      captureId: this.captureId,
      nodeName: this.nodeName,
      versions: [1, 2, 3].filter((version) => (this.versions & (1 << version)) !== 0),
      firstSeenUs: this.firstSeenUs,
      lastSeenUs: this.lastSeenUs,
      packets: this.packets,
      bytes: this.bytes,
      ...this.rate(nowUs),
      tracked: this.tracked,
      sip: this.sip,
      other: this.other,
      dropped: this.dropped,
      refused: this.refusedByCode,
      ignored: this.ignoredByReason,
      clockOffsetMs: this.clockOffsetMs,
      lastFault: this.lastFaultView,
    };
  }
}

/** sngrep and sipgrep send their id in the upper half of the field; the lower half is then 0. */
function displayCaptureId(raw: number): number {
  return (raw & 0xffff) === 0 ? raw >>> 16 : raw;
}

/** Where packets come from, with what is decided once: may it send, must it show a key, which agent spoke last. */
export class Sender {
  readonly ip: string;
  readonly port: number;
  readonly listener: Listener;
  readonly allowed: boolean;
  readonly keyRequired: boolean;
  /** The agent that spoke last; most senders are one agent. */
  agent: Agent | undefined = undefined;

  constructor(ip: string, port: number, listener: Listener, allowed: boolean, keyRequired: boolean) {
    this.ip = ip;
    this.port = port;
    this.listener = listener;
    this.allowed = allowed;
    this.keyRequired = keyRequired;
  }
}

export class AgentTable {
  readonly #agents = new Map<string, Agent>();
  /** UDP senders by port, then by address: proxies all send from 5060, and one address may have any port. */
  readonly #senders = new Map<number, Map<string, Sender>>();
  readonly #maxAgents: number;
  readonly #allow: readonly Cidr[];
  readonly #auth: HepAuthSettings;
  readonly #counters: CounterSet;
  readonly #unlisted: Agent;
  #senderCount = 0;
  #lastSender: Sender | undefined;
  #madeRoomUs = Number.NEGATIVE_INFINITY;

  constructor(maxAgents: number, allow: readonly Cidr[], auth: HepAuthSettings, counters: CounterSet) {
    this.#maxAgents = maxAgents;
    this.#allow = allow;
    this.#auth = auth;
    this.#counters = counters;
    this.#unlisted = new Agent('unlisted', '', 0, 'udp', 0, 0);
  }

  get size(): number {
    return this.#agents.size;
  }

  /** Listed agents in order of appearance. */
  agents(): IterableIterator<Agent> {
    return this.#agents.values();
  }

  /** The sender of a datagram. */
  udpSender(ip: string, port: number): Sender {
    const last = this.#lastSender;
    if (last !== undefined && last.port === port && last.ip === ip) return last;
    const known = this.#senders.get(port)?.get(ip);
    const sender = known ?? this.#keepSender(this.sender(ip, port, 'udp'));
    this.#lastSender = sender;
    return sender;
  }

  #keepSender(sender: Sender): Sender {
    // Senders are a cache of decisions: forgetting them all is cheap and bounds them.
    if (this.#senderCount >= this.#maxAgents * 2) {
      this.#senders.clear();
      this.#senderCount = 0;
    }
    const ofPort = this.#senders.get(sender.port);
    if (ofPort === undefined) this.#senders.set(sender.port, new Map([[sender.ip, sender]]));
    else ofPort.set(sender.ip, sender);
    this.#senderCount++;
    return sender;
  }

  /** Decides what a new source may do. */
  sender(ip: string, port: number, listener: Listener): Sender {
    const plain = unmapped(ip);
    const allowed = this.#allow.length === 0 || isAddressIn(plain, this.#allow);
    const { keys, listeners, exempt } = this.#auth;
    const keyRequired = keys.length > 0 && listeners.includes(listener) && !isAddressIn(plain, exempt);
    return new Sender(ip, port, listener, allowed, keyRequired);
  }

  /** The agent behind a packet of a sender. */
  agentOf(sender: Sender, captureId: number, nowUs: number): Agent {
    const { agent } = sender;
    if (agent !== undefined && agent.isListed && agent.rawCaptureId === captureId) return agent;
    return this.#find(sender, captureId, nowUs);
  }

  /** The agent to blame for something undecodable: the one that spoke last, else one with capture id 0. */
  blamed(sender: Sender, nowUs: number): Agent {
    const { agent } = sender;
    return agent?.isListed === true ? agent : this.#find(sender, agent?.rawCaptureId ?? 0, nowUs);
  }

  #find(sender: Sender, captureId: number, nowUs: number): Agent {
    const ip = unmapped(sender.ip);
    const shown = displayCaptureId(captureId);
    const place = sender.listener === 'udp' ? formatEndpoint(ip, sender.port) : ip;
    const id = `${shown}@${place}/${sender.listener}`;
    let agent = this.#agents.get(id);
    if (agent === undefined) {
      if (this.#agents.size >= this.#maxAgents) this.#makeRoom(nowUs);
      if (this.#agents.size >= this.#maxAgents) {
        this.#counters.add(Hep.AGENTS_UNLISTED, 1);
        return this.#unlisted;
      }
      agent = new Agent(id, ip, sender.port, sender.listener, captureId, nowUs);
      this.#agents.set(id, agent);
      this.#counters.set(Hep.AGENTS, this.#agents.size);
    }
    agent.port = sender.port;
    sender.agent = agent;
    return agent;
  }

  #makeRoom(nowUs: number): void {
    if (nowUs - this.#madeRoomUs < MAKE_ROOM_US) return;
    this.#madeRoomUs = nowUs;
    for (const [id, agent] of this.#agents) {
      const good = agent.tracked + agent.other + agent.handedOver > 0;
      if (nowUs - agent.lastSeenUs <= (good ? IDLE_US : MAKE_ROOM_US)) continue;
      this.#agents.delete(id);
      agent.isListed = false;
    }
    // Senders point to their agent; new ones are looked up again.
    this.#senders.clear();
    this.#senderCount = 0;
    this.#lastSender = undefined;
    this.#counters.set(Hep.AGENTS, this.#agents.size);
  }
}
