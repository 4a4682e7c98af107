import { NO_ALIASES } from '../../src/model/alias.ts';
import { CALL_STATES, callStateByName, TIMED_CALL_STATES } from '../../src/model/call-state.ts';
import { CounterSet, COUNTERS, counterByName } from '../../src/model/counters.ts';
import type { Diagnosis, DiagnosisView } from '../../src/model/diagnosis.ts';
import {
  EngineRequestError,
  type CallQuery,
  type CallSelection,
  type CallSummary,
  type CallTimeoutView,
  type Engine,
  type EngineHealth,
  type EventQuery,
  type InjectedMessage,
  type KeptView,
  type LinkPage,
  type MessagePage,
  type MessageQuery,
  type LinkQuery,
  type LinkView,
  type RateParameterView,
  type RateQuery,
  type RegistrationChanges,
  type RegistrationQuery,
  type RegistrationSettingsView,
  type TcpTimeoutView,
  type Take,
  type TalkersQuery,
  type TalkersView,
} from '../../src/model/engine.ts';
import { RATE_SETTINGS, type RatePage } from '../../src/model/event-rates.ts';
import type { CaptureFormatName } from '../../src/model/capture.ts';
import type { LogLevelControl } from '../../src/model/log.ts';
import type { AccessSettings } from '../../src/model/settings.ts';
import { SELECTABLE_EVENTS } from '../../src/model/event-type.ts';
import type { SeriesSource, StatisticsBlock, StatisticsSource } from '../../src/model/statistics.ts';
import type {
  AgentView,
  CallMessages,
  CallMessageView,
  CallView,
  CertificateView,
  EnvelopeView,
  EventView,
  InjectView,
  ListenerView,
  MessageDetail,
  Page,
  RateEntryView,
  ProbeView,
  QosLegView,
  QosView,
  RegistrationView,
  ReportView,
} from '../../src/model/views.ts';
import type { HttpDeps } from '../../src/http/deps.ts';

/** 2026-11-21T10:00:00.000000Z */
export const NOW_US = Date.UTC(2026, 10, 21, 10) * 1000;

export function call(changes: Partial<CallView> = {}): CallView {
  return {
    id: 1,
    callId: 'a84b4c76e66710@pc33.example.com',
    fromTag: '1928301774',
    toTag: 'a6c85cf',
    method: 'INVITE',
    state: 'inv_established',
    stateText: 'established',
    createdUs: NOW_US - 65_000_000 + 123_456,
    updatedUs: NOW_US - 60_000_000,
    expiresInMs: 3_540_000,
    from: 'sip:alice@example.com',
    to: 'sip:+4930123456@example.net',
    requestUri: 'sip:+4930123456@198.51.100.2;user=phone',
    contact: 'sip:alice@192.0.2.1:5060',
    userAgent: 'Softphone 4.2',
    uas: 'Gateway/11',
    reason: 'OK',
    src: { ip: '192.0.2.1', port: 5060 },
    dst: { ip: '198.51.100.2', port: 5060 },
    transport: 'udp',
    statuses: [200, 0],
    cseq: [1, 0],
    requests: [2, 0],
    replies: [3, 0],
    retransmissions: { requests: [0, 0], replies: [0, 0] },
    lastMethod: ['ACK', 'UNDEF'],
    lastStatus: [200, 0],
    flags: ['Reused'],
    events: ['call-start'],
    lastEvent: 'call-start',
    messageTrace: '>INVITE<100<180<200>ACK',
    stateTrace: ['init', 'first invite', 'early dialog'],
    requestSignature: '26435027I004002F0000V0000',
    pddMs: 210,
    ringMs: 1800.5,
    durationMs: 60_000,
    agents: ['2001@203.0.113.7:40112/udp'],
    hops: [
      {
        src: { ip: '192.0.2.1', port: 5060 },
        dst: { ip: '198.51.100.2', port: 5060 },
        transport: 'udp',
        agents: ['2001@203.0.113.7:40112/udp'],
        messages: 5,
        interface: null,
      },
      {
        src: { ip: '198.51.100.2', port: 5060 },
        dst: { ip: '2001:db8::5', port: 5061 },
        transport: 'tls',
        agents: ['2001@203.0.113.7:40112/udp'],
        messages: 5,
        interface: { slot: 0, port: 1, vlan: 100 },
      },
    ],
    correlation: { correlationId: '', alegCallId: '', sessionId: '' },
    legs: [{ callId: 'b-leg@198.51.100.2', reason: "joined by the SBC's ingress Call-ID" }],
    qos: [quality()],
    ...changes,
  };
}

export function message(changes: Partial<CallMessageView> = {}): CallMessageView {
  return {
    id: 4096,
    atUs: NOW_US - 65_000_000 + 123_456,
    arrivedUs: NOW_US - 65_000_000 + 123_900,
    callId: 'a84b4c76e66710@pc33.example.com',
    callEntryId: 1,
    src: { ip: '192.0.2.1', port: 5060 },
    dst: { ip: '198.51.100.2', port: 5060 },
    transport: 'udp',
    agents: ['2001@203.0.113.7:40112/udp'],
    repeat: 'new',
    isRequest: true,
    method: 'INVITE',
    requestUri: 'sip:+4930123456@198.51.100.2;user=phone',
    status: 0,
    reason: '',
    cseq: 1,
    cseqMethod: 'INVITE',
    branch: 'z9hG4bK776asdhds',
    fromTag: '1928301774',
    toTag: '',
    from: 'sip:alice@example.com',
    to: 'sip:+4930123456@example.net',
    userAgent: 'Softphone 4.2',
    sdp: { media: 'audio', address: '192.0.2.1', port: 4000, codec: 'PCMA', direction: 'sendrecv' },
    length: 52,
    shown: 52,
    raw: 'INVITE sip:+4930123456@198.51.100.2;user=phone SIP/2.0\r\nCall-ID: a84b4c76e66710@pc33.example.com\r\n\r\n',
    ...changes,
  };
}

export function registration(changes: Partial<RegistrationView> = {}): RegistrationView {
  return {
    id: 7,
    aor: 'sip:alice@example.com',
    contact: 'sip:alice@192.0.2.1:5060;transport=udp',
    state: 'active',
    src: { ip: '192.0.2.1', port: 5060 },
    dst: { ip: '198.51.100.2', port: 5060 },
    transport: 'udp',
    callId: '843817637684230@998sdasdh09',
    from: 'sip:alice@example.com',
    userAgent: 'Softphone 4.2',
    uas: 'Registrar 5.6',
    createdUs: NOW_US - 3_600_000_000,
    updatedUs: NOW_US - 60_000_000,
    expiresInMs: 90_000,
    refreshes: 3,
    agents: ['2001@203.0.113.7:40112/udp'],
    ...changes,
  };
}

export function event(changes: Partial<EventView> = {}): EventView {
  return {
    index: 3,
    type: 'call-start',
    tsUs: NOW_US - 63_000_000,
    createdUs: NOW_US - 65_000_000,
    earlyUs: NOW_US - 64_790_000,
    finalUs: NOW_US - 63_000_031,
    forkedUs: null,
    callId: 'a84b4c76e66710@pc33.example.com',
    fromTag: '1928301774',
    toTag: 'a6c85cf',
    src: { ip: '192.0.2.1', port: 5060 },
    dst: { ip: '198.51.100.2', port: 5060 },
    transport: 'udp',
    status: 200,
    attributes: {
      'sip.from': 'sip:alice@example.com',
      'sip.to': 'sip:bob@example.net',
      'sip.request.method': 'INVITE',
      'sip.sip_reason': 'OK',
    },
    durationMs: 0.031,
    pddMs: 210,
    ringMs: 1800,
    originator: null,
    agents: ['2001@203.0.113.7:40112/udp'],
    rate: null,
    debug: {
      state: 'established',
      previousStates: ['init', 'first invite', 'early dialog'],
      flags: ['Reused'],
      emitted: ['call-start'],
      lastEvent: 'empty',
      generatedOn: 'reply',
      cseq: [1, 0],
      replyCseq: [1, 0],
      requests: [1, 0],
      replies: [3, 0],
      retransmissions: { requests: [0, 0], replies: [0, 0] },
      lastMethod: ['INVITE', ''],
      lastStatus: [200, 0],
      messageTrace: '>INVITE<100<180<200',
    },
    ...changes,
  };
}

/** The reference's sample of its rate list, with limits of 5 per second, 240 per minute and 3600 per hour. */
export function rateEntry(changes: Partial<RateEntryView> = {}): RateEntryView {
  const at = { intervalMs: 60_000, oldIntervalMs: 60_000, updatedUs: NOW_US - 1_000_000 };
  return {
    key: 'parse-error:127.0.0.1',
    type: 'parse-error',
    ip: '127.0.0.1',
    events: 68,
    createdUs: NOW_US - 1_000_000,
    exceeded: true,
    rate: 0,
    exceededRun: 63,
    okRun: 5,
    changedUs: NOW_US - 1_000_000,
    lastExceededUs: NOW_US,
    lastOkUs: NOW_US - 1_000_000,
    rates: [
      { value: 49.556826, old: 49.556826, limit: 5, intervalMs: 1000, oldIntervalMs: 1000, updatedUs: NOW_US },
      { value: 68, old: 0, limit: 240, ...at },
      { value: 68, old: 0, limit: 3600, ...at, intervalMs: 3_600_000, oldIntervalMs: 3_600_000 },
    ],
    ...changes,
  };
}

export function agent(changes: Partial<AgentView> = {}): AgentView {
  return {
    id: '2001@203.0.113.7:40112/udp',
    source: { ip: '203.0.113.7', port: 40112 },
    transport: 'udp',
    captureId: 2001,
    nodeName: 'proxy-a',
    versions: [2, 3],
    firstSeenUs: NOW_US - 3_600_000_000,
    lastSeenUs: NOW_US - 2_000_000,
    packets: 12_345,
    bytes: 9_876_543,
    packetsPerSecond: 12.5,
    bytesPerSecond: 9876.5,
    tracked: 12_000,
    sip: 12_100,
    other: 245,
    dropped: 0,
    refused: { SIP_INCOMPLETE: 7, HEP_BAD_CHUNK: 2 },
    ignored: { rtcp: 245 },
    clockOffsetMs: -12.25,
    lastFault: { code: 'HEP_BAD_CHUNK', atUs: NOW_US - 30_000_000, hex: '48455033001a' },
    ...changes,
  };
}

const NONE_MEASURED = { bytes: 173_000, packets: 1000, lost: 3, averageJitter: 12, maxJitter: 40 };

function qualityOf(callId: string, realm: string): QosLegView {
  return {
    callId,
    realm,
    rtp: { ...NONE_MEASURED },
    rtcp: { ...NONE_MEASURED, lost: null, averageLatency: 15, maxLatency: 25 },
    rFactor: 93.2,
    mos: 4.41,
    flows: [{ party: 'caller', src: { ip: '192.0.2.1', port: 10_000 }, dst: { ip: '198.51.100.1', port: 20_000 } }],
  };
}

export function quality(): QosView {
  return {
    agent: '203.0.113.9:36816/ipfix',
    receivedUs: NOW_US - 1_000_000,
    beginUs: NOW_US - 61_000_000,
    endUs: NOW_US - 1_500_000,
    payloadType: 8,
    codec: 'PCMA',
    incoming: qualityOf('a84b4c76e66710@pc33.example.com', 'access'),
    outgoing: qualityOf('b-leg@198.51.100.2', 'core'),
    caller: { slot: 0, port: 0, vlan: 0 },
    callee: { slot: 0, port: 1, vlan: 7 },
  };
}

export function certificate(changes: Partial<CertificateView> = {}): CertificateView {
  return {
    listener: 'http',
    option: 'http_tls_cert',
    file: '/etc/sipcol/cert.pem',
    use: 'own',
    subject: 'CN=sipcol.example.com',
    issuer: 'CN=Example CA',
    names: 'DNS:sipcol.example.com, IP Address:192.0.2.10',
    validFromUs: NOW_US - 86_400e6 * 100,
    validUntilUs: NOW_US + 86_400e6 * 200,
    serialNumber: '0A1B',
    sha256: 'AB:CD:EF:FE',
    ...changes,
  };
}

export function probe(changes: Partial<ProbeView> = {}): ProbeView {
  return {
    id: 0,
    agent: '192.0.2.51:36816/ipfix',
    peer: { ip: '192.0.2.51', port: 36_816 },
    local: { ip: '192.0.2.10', port: 4739 },
    startedUs: NOW_US - 3_600_000_000,
    lastIoUs: NOW_US - 2_000_000,
    timeoutS: 60,
    keepaliveS: 30,
    handshakes: 1,
    protocolVersion: '1.2',
    flags: ['00fc', '7731', '0000'],
    requestedKeepaliveS: 30,
    systemId: 0,
    product: '435a',
    productVersion: '7.3.0',
    host: 'ecz730',
    messages: 5,
    bytes: 4321,
    packetsPerSecond: 0.5,
    bytesPerSecond: 432,
    sipSets: 3,
    qosSets: 1,
    sets: [
      {
        id: 258,
        meaning: 'SIP received over UDP',
        records: 3,
        octets: 1800,
        lastSeenUs: NOW_US - 2_000_000,
        malformed: {},
      },
      {
        id: 259,
        meaning: 'SIP sent over UDP',
        records: 0,
        octets: 20,
        lastSeenUs: NOW_US - 30_000_000,
        malformed: { IPFIX_SHORT_SET: 1 },
      },
      { id: 4711, meaning: '', records: 1, octets: 4, lastSeenUs: NOW_US - 30_000_000, malformed: {} },
    ],
    received: 6,
    tracked: 3,
    dropped: 0,
    refused: { IPFIX_BAD_PACKET: 1 },
    ignored: { handshake: 1, report: 1 },
    clockOffsetMs: -3,
    lastFault: { code: 'IPFIX_BAD_PACKET', atUs: NOW_US - 30_000_000, hex: '65000000' },
    ...changes,
  };
}

export function link(changes: Partial<LinkView> = {}): LinkView {
  return {
    server: '198.51.100.2',
    transport: 'udp',
    serverPort: 5060,
    client: '192.0.2.1',
    total: 2,
    counts: [
      { type: 'INVITE', out: 0, in: 1, unknown: 0 },
      { type: '200', out: 1, in: 0, unknown: 0 },
    ],
    ...changes,
  };
}

export function tcpTimeout(changes: Partial<TcpTimeoutView> = {}): TcpTimeoutView {
  return {
    name: 'tcp_gc_int',
    description: 'how often the other two are looked at',
    ms: 20_000,
    configuredMs: 30_000,
    minMs: 10,
    maxMs: 3_600_000,
    ...changes,
  };
}

export function injectView(changes: Partial<InjectView> = {}): InjectView {
  return {
    outcome: 'tracked',
    code: '',
    reason: '',
    octets: 300,
    parsedOctets: 300,
    rest: '',
    fields: [{ name: 'method', value: 'INVITE' }],
    callId: call().callId,
    entries: [call()],
    ...changes,
  };
}

export const LISTENERS: readonly ListenerView[] = [
  {
    name: 'hep-udp',
    address: '0.0.0.0',
    port: 9060,
    receiveMethod: 'native',
    receiveBufferBytes: 8_388_608,
    kernelDrops: 0,
    connections: null,
  },
  {
    name: 'hep-tcp',
    address: '0.0.0.0',
    port: 9060,
    receiveMethod: null,
    receiveBufferBytes: null,
    kernelDrops: null,
    connections: 2,
  },
  {
    name: 'ipfix-tcp',
    address: '0.0.0.0',
    port: 4739,
    receiveMethod: null,
    receiveBufferBytes: null,
    kernelDrops: null,
    connections: 1,
  },
];

export const ENVELOPE: EnvelopeView = {
  protocol: 'HEP3',
  fields: [
    { vendor: 0, type: 7, name: 'source port', length: 2, value: '5060' },
    { vendor: 0, type: 14, name: 'authentication key', length: null, value: 'not shown' },
    { vendor: 0, type: 15, name: 'payload', length: 700, value: '' },
    { vendor: 8, type: 128, name: 'Genesys conversationId', length: 6, value: 'conv-1' },
  ],
  isCut: false,
  notes: [],
};

/** What the engine has to say, for tests to set; and what it was told, for tests to look at. */
export class FakeEngine implements Engine {
  calls: CallView[] = [call()];
  summary: CallSummary = {
    total: 3,
    matched: 3,
    merged: 2,
    states: { established: 2, 'invite negative reply': 1 },
    methods: { INVITE: 3 },
    statuses: { '2xx': 2, '4xx': 1 },
    histogram: {
      widthS: 60,
      bars: [
        { startUs: NOW_US - 300_000_000, calls: 1 },
        { startUs: NOW_US - 60_000_000, calls: 2 },
      ],
    },
  };
  messages: CallMessageView[] = [message()];
  reports: ReportView[] = [];
  /** What each of them came in. */
  envelope: EnvelopeView | null = ENVELOPE;
  /** Those that a search finds. */
  foundMessages: CallMessageView[] = [message()];
  searchedAll = true;
  keeps = true;
  gone = 0;
  registrations: RegistrationView[] = [registration()];
  configured: RegistrationSettingsView = { regExpDeltaS: 30, regDelDelayS: 0, contactIgnorePort: false };
  judged: RegistrationSettingsView = { ...this.configured };
  events: EventView[] = [event()];
  agents: AgentView[] = [agent()];
  rates: RateEntryView[] = [rateEntry()];
  rateSettingTexts = new Map<string, string>();
  talkers: TalkersView = {
    heldSinceUs: 0,
    kinds: {
      source: [{ key: '192.0.2.1', calls: 4, failed: 1, failedMostly: 486, before: 6 }],
      destination: [{ key: '2001:db8::5', calls: 4, failed: 1, failedMostly: 486, before: 4 }],
      caller: [{ key: 'alice', calls: 3, failed: 0, failedMostly: null, before: null }],
      callee: [{ key: '+4930123456', calls: 2, failed: 2, failedMostly: 486, before: 1 }],
      failingNumber: [{ key: '+4930666', calls: 2, failed: 2, failedMostly: 486, before: 1 }],
      userAgent: [{ key: 'Softphone "4.2"', calls: 4, failed: 1, failedMostly: 486, before: 4 }],
      domain: [{ key: 'example.net', calls: 3, failed: 1, failedMostly: 486, before: 6 }],
      agent: [{ key: '2001@203.0.113.7:40112/udp', calls: 4, failed: 1, failedMostly: 486, before: 6 }],
      alias: [{ key: 'Example Telecom', calls: 2, failed: 0, failedMostly: null, before: 2 }],
      group: [{ key: 'carriers', calls: 2, failed: 0, failedMostly: null, before: 2 }],
      status: [{ key: '486', calls: 1, failed: 1, failedMostly: 486, before: 0 }],
    },
  };
  keeping: KeptView = {
    messages: { held: 1000, bytes: 800_000, maxBytes: 64_000_000, oldestUs: NOW_US - 100_000_000 },
    events: { held: 10_240, capacity: 10_240, oldestUs: NOW_US - 600_000_000 },
  };
  probes: ProbeView[] = [probe()];
  links: LinkView[] = [link()];
  tcp: TcpTimeoutView[] = [tcpTimeout()];
  injected: InjectView = injectView();
  listening: ListenerView[] = [...LISTENERS];
  nextIndex = 4;
  state: EngineHealth = { running: true, ready: true, restarts: 0, heartbeatAgeMs: 40, lastError: '' };
  seconds = new Map(TIMED_CALL_STATES.map((info) => [info.name, info.defaultSeconds]));
  blacklist = new Set<string>(['other-ok']);
  failure: Error | undefined;
  readonly asked: unknown[] = [];

  async listCalls(query: CallQuery, take?: Take<CallView>) {
    this.#ask(['listCalls', query]);
    const page = this.#page(this.calls, query.offset, query.limit, query.filter, (item) => item.callId);
    return this.#given(page, take);
  }

  async callSummary(selection: CallSelection): Promise<CallSummary> {
    this.#ask(['callSummary', selection]);
    return this.summary;
  }

  async callsByCallId(callId: string) {
    return this.calls.filter((item) => item.callId === callId);
  }

  async callCapture(callIds: readonly string[], format: CaptureFormatName): Promise<Uint8Array> {
    this.#ask(['callCapture', callIds, format]);
    return Buffer.from(`${format} of ${callIds.join(', ')}`);
  }

  async callMessage(callId: string, id: number): Promise<MessageDetail | undefined> {
    this.#ask(['callMessage', callId, id]);
    const held = this.messages.find((item) => item.callId === callId && item.id === id);
    if (held === undefined) return undefined;
    return { message: held, octets: Buffer.from(held.raw, 'utf8').toString('latin1'), envelope: this.envelope };
  }

  async callMessages(callId: string, { offset, limit }: { offset: number; limit: number }): Promise<CallMessages> {
    this.#ask(['callMessages', callId, { offset, limit }]);
    const own = await this.callsByCallId(callId);
    const ids = new Set([callId, ...own.flatMap((entry) => entry.legs.map((leg) => leg.callId))]);
    const entries = [...ids].flatMap((id) => this.calls.filter((item) => item.callId === id));
    const held = this.messages.filter((item) => ids.has(item.callId));
    return {
      callId,
      entries,
      total: held.length,
      offset,
      items: held.slice(offset, offset + limit),
      reports: this.reports,
      gone: this.gone,
      keeps: this.keeps,
      callIds: [...new Set([callId, ...entries.map((entry) => entry.callId)])],
      pastLegs: [],
      olderCallId: 'older@example.com',
      newerCallId: '',
    };
  }

  async listMessages(query: MessageQuery): Promise<MessagePage> {
    this.#ask(['listMessages', query]);
    const { offset, limit } = query;
    const found = query.search === undefined ? this.messages : this.foundMessages;
    return {
      total: this.messages.length,
      matched: found.length,
      offset,
      limit,
      items: found.slice(offset, offset + limit),
      isComplete: this.searchedAll,
      sinceUs: this.messages.at(-1)?.atUs ?? null,
      keeps: this.keeps,
    };
  }

  async callTable() {
    this.#ask(['callTable']);
    const perState = Object.fromEntries(TIMED_CALL_STATES.map((info) => [info.name, 0]));
    for (const item of this.calls) perState[item.state] = (perState[item.state] ?? 0) + 1;
    return {
      calls: this.calls.length,
      created: 21,
      buckets: 65_536,
      longestChain: 1,
      shortestChain: 0,
      maxEntries: 1000,
      maxForks: 64,
      bytes: 1200 * this.calls.length,
      bytesPerCall: 1200,
      spareBytes: 4096,
      maxBytes: 2 ** 20,
      evict: 'oldest' as const,
      refused: 3,
      evictedFinished: 2,
      evicted: 1,
      perState,
    };
  }

  async kept() {
    return this.keeping;
  }

  async callTimeouts(): Promise<CallTimeoutView[]> {
    return CALL_STATES.slice(1).map((info) => ({
      state: info.name,
      text: info.text,
      description: info.description,
      seconds: this.seconds.get(info.name) ?? 0,
      defaultSeconds: info.defaultSeconds,
      minSeconds: info.minSeconds,
      maxSeconds: info.maxSeconds,
    }));
  }

  async setCallTimeouts(seconds: Record<string, number>) {
    this.#ask(['setCallTimeouts', seconds]);
    for (const [name, value] of Object.entries(seconds)) {
      const info = callStateByName(name);
      if (info === undefined || value > info.maxSeconds) {
        throw new EngineRequestError(
          `Parameter "${name}" is "${value}s", expected ${info?.minSeconds}s to ${info?.maxSeconds}s`,
        );
      }
    }
    for (const [name, value] of Object.entries(seconds)) this.seconds.set(name, value);
    return this.callTimeouts();
  }

  async listRegistrations(query: RegistrationQuery, take?: Take<RegistrationView>) {
    this.#ask(['listRegistrations', query]);
    const { offset, limit, filter } = query;
    return this.#given(
      this.#page(this.registrations, offset, limit, filter, (item) => item[filter?.field ?? 'aor']),
      take,
    );
  }

  async registrationTable() {
    return {
      bindings: this.registrations.length,
      created: 12,
      buckets: 4096,
      longestChain: 1,
      shortestChain: 0,
      bytes: 51_200,
      maxEntries: 100,
      maxBytes: 102_400,
      maxContacts: 256,
      refused: 3,
    };
  }

  async registrationSettings() {
    return { now: this.judged, configured: this.configured };
  }

  async setRegistrationSettings(changes: RegistrationChanges) {
    this.#ask(['setRegistrationSettings', changes]);
  }

  async listEvents(query: EventQuery, take?: Take<EventView>) {
    this.#ask(['listEvents', query]);
    const from = this.events.filter((item) => item.index >= query.offset);
    const page = this.#page(from, 0, query.limit, query.filter, (item) => item.callId);
    const answer = {
      ...page,
      total: this.events.length,
      offset: query.offset,
      nextIndex: this.nextIndex,
      capacity: 10_240,
      ringStartedUs: NOW_US - 3_600_000_000,
    };
    return this.#given(answer, take);
  }

  async topTalkers(query: TalkersQuery): Promise<TalkersView> {
    this.#ask(['topTalkers', query]);
    return this.talkers;
  }

  async eventBlacklist() {
    return { types: SELECTABLE_EVENTS.map(({ name }) => ({ name, blacklisted: this.blacklist.has(name) })) };
  }

  async setEventBlacklist(changes: Record<string, boolean>, reset: boolean) {
    this.#ask(['setEventBlacklist', changes, reset]);
    if (reset) this.blacklist = new Set(['other-ok']);
    for (const [name, off] of Object.entries(changes)) {
      if (off) this.blacklist.add(name);
      else this.blacklist.delete(name);
    }
    return this.eventBlacklist();
  }

  async listLinks(query: LinkQuery): Promise<LinkPage> {
    this.#ask(['listLinks', query]);
    const items = this.links.slice(query.offset, query.offset + query.limit);
    const { length } = this.links;
    const summary = this.links[0]?.counts ?? [];
    return { total: length, matched: length, offset: query.offset, limit: query.limit, summary, items };
  }

  async listRates(query: RateQuery) {
    this.#ask(['listRates', query]);
    return this.#page(this.rates, query.offset, query.limit, undefined, (item) => item.ip);
  }

  async rateTable() {
    return {
      entries: this.rates.length,
      created: 9,
      buckets: 1024,
      longestChain: 1,
      shortestChain: 0,
      bytes: 225_280,
      maxEntries: 1000,
    };
  }

  async rateSettings(page: RatePage): Promise<RateParameterView[]> {
    const notation = { allowed: 'a whole number', choices: [], description: 'what it means' };
    return RATE_SETTINGS.filter((parameter) => parameter.page === page).map(({ name }) => ({
      name,
      value: this.rateSettingTexts.get(name) ?? '5',
      configured: '5',
      ...notation,
    }));
  }

  async setRateSettings(changes: Record<string, string>) {
    this.#ask(['setRateSettings', changes]);
    for (const [name, text] of Object.entries(changes)) this.rateSettingTexts.set(name, text);
  }

  async forceRateGc(target: number) {
    this.#ask(['forceRateGc', target]);
    return {
      entriesBefore: 1,
      entries: 1,
      target,
      targetMet: true,
      timedOut: false,
      walked: 1,
      removed: 0,
      lifetimeMs: 2000,
      maxRunMs: 10,
    };
  }

  async forceTimeout(timeoutMs: number) {
    this.#ask(['forceTimeout', timeoutMs]);
    const table = await this.callTable();
    return { before: table, after: table, timeoutMs, forced: 6, walked: 6, loops: 1, durationMs: 2.15 };
  }

  async tcpTimeouts() {
    return this.tcp;
  }

  async setTcpTimeouts(changes: Record<string, number>) {
    this.#ask(['setTcpTimeouts', changes]);
  }

  async inject(typed: InjectedMessage) {
    this.#ask(['inject', typed]);
    return { ...this.injected, octets: typed.octets.length };
  }

  async listAgents(query: { offset: number; limit: number }) {
    return this.#page(this.agents, query.offset, query.limit, undefined, () => '');
  }

  async listProbes(query: { offset: number; limit: number }) {
    this.#ask(['listProbes', query]);
    return this.#page(this.probes, query.offset, query.limit, undefined, () => '');
  }

  async listeners() {
    return this.listening;
  }

  health(): EngineHealth {
    return this.state;
  }

  #ask(question: unknown): void {
    this.asked.push(question);
    if (this.failure !== undefined) throw this.failure;
  }

  /** To whom wants them as they are found, the first of the items come before the others. */
  #given<Item, Found extends Page<Item>>(page: Found, take: Take<Item> | undefined): Found {
    if (take === undefined) return page;
    take(page.items.slice(0, 1));
    take(page.items.slice(1));
    return { ...page, items: [] };
  }

  #page<Item>(
    all: readonly Item[],
    offset: number,
    limit: number,
    filter: { value: string } | undefined,
    text: (item: Item) => string,
  ) {
    const matching = filter === undefined ? all : all.filter((item) => text(item).includes(filter.value));
    return {
      total: all.length,
      matched: matching.length,
      offset,
      limit,
      items: matching.slice(offset, offset + limit),
    };
  }
}

const VALUES = [
  { group: 'pkt_stats', name: 'total_packets', value: 1042, description: 'packets handed to the pipeline' },
  { group: 'ingest.ignored', name: 'probe', value: 1, description: 'SIP payload that is no SIP message' },
  { group: 'pkt_stats', name: 'sip_reqs', value: 500, description: 'SIP requests parsed' },
  { group: 'pkt_stats', name: 'sip_repls', value: 503, description: 'SIP replies parsed' },
  { group: 'pkt_stats', name: 'sctp', value: 0, description: 'seen on SCTP' },
];

function block(changes: Partial<StatisticsBlock>, factor: number): StatisticsBlock {
  return {
    uptimeMs: 12_500,
    stopped: null,
    perMs: null,
    updatedAgoMs: null,
    values: VALUES.map((entry) => ({ ...entry, value: entry.value * factor })),
    lines: ['Statistics:', `${String(1042 * factor).padStart(9)} packets      1040 ipv4         2 ipv6`],
    ...changes,
  };
}

export const STATISTICS: StatisticsSource = {
  totals: () => block({}, 1),
  rate: (intervalMs) => block({ perMs: intervalMs, updatedAgoMs: 3000 }, 0.5),
  average: (unitMs) => block({ perMs: unitMs }, 0.25),
};

/** Steps of 10 s, the newest last; what is not named is 0. */
export function seriesOf(steps: readonly Readonly<Record<string, number>>[] = [{}, SOME_TRAFFIC]): SeriesSource {
  const columns = steps.map((values) => countersOf(values).values);
  const of = (index: number): number[] => columns.map((column) => column[index] ?? 0);
  const isGauge = (index: number): boolean => COUNTERS[index]?.gauge === true;
  return {
    window: () => ({
      stepMs: 10_000,
      spanMs: steps.length * 10_000,
      endsUs: steps.map((_, step) => NOW_US - (steps.length - 1 - step) * 10_000_000),
      steps: of,
      total: (index) => (isGauge(index) ? (of(index).at(-1) ?? 0) : of(index).reduce((sum, value) => sum + value, 0)),
    }),
  };
}

/** Counters as after some traffic. */
export function countersOf(values: Readonly<Record<string, number>> = {}): CounterSet {
  const counters = new CounterSet();
  for (const [path, value] of Object.entries(values)) {
    const info = counterByName(path);
    if (info === undefined) throw new Error(`no counter ${path}, only ${COUNTERS.map((each) => each.name).join()}`);
    counters.set(info.index, value);
  }
  return counters;
}

export const SOME_TRAFFIC: Readonly<Record<string, number>> = {
  'ingest.received': 1042,
  'ingest.tracked': 1000,
  'ingest.refused': 9,
  'ingest.refused.SIP_INCOMPLETE': 7,
  'ingest.refused.HEP_BAD_CHUNK': 2,
  'ingest.ignored': 33,
  'ingest.ignored.rtcp': 33,
  'hep.agents': 1,
  'calls.active': 1,
  'calls.created': 21,
  'ev_ring0.queued': 4,
};

function level(): LogLevelControl {
  let now = 2;
  return {
    get: () => now,
    set(wanted) {
      now = wanted;
    },
  };
}

export interface FakeDeps extends HttpDeps {
  engine: FakeEngine;
}

/** Access as by default, but for some changes. */
export function accessSettings(changes: Partial<AccessSettings> = {}): AccessSettings {
  return {
    tokens: [],
    users: [],
    allowAnonymous: false,
    metricsOpen: false,
    sessionUs: 12 * 3600 * 1e6,
    proxies: [],
    proxyUserHeader: '',
    proxyRole: 'viewer',
    requestsPerSecond: 0,
    auditEntries: 1000,
    ...changes,
  };
}

/** Writes nothing, and answers as if it had. */
class FakeDiagnosis implements Diagnosis {
  readonly directory = '/var/lib/sipcol/debug';
  readonly threads = ['main', 'engine0', 'engine1'];
  async cpuProfile(thread: string, seconds: number): Promise<DiagnosisView> {
    return this.#file(thread, 'cpuprofile', seconds * 1000);
  }

  async heapSnapshot(thread: string): Promise<DiagnosisView> {
    return this.#file(thread, 'heapsnapshot', 250);
  }

  #file(thread: string, extension: string, tookMs: number): DiagnosisView {
    return { thread, file: `${this.directory}/sipcol-${thread}.${extension}`, bytes: 4096, tookMs };
  }
}

export function fakeDeps(changes: Partial<HttpDeps> = {}): FakeDeps {
  const counters = countersOf(SOME_TRAFFIC);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return {
    engine: new FakeEngine(),
    counters: () => counters,
    count: (index) => counters.add(index, 1),
    clock: () => NOW_US,
    statistics: STATISTICS,
    series: seriesOf(),
    certificates: [certificate()],
    about: {
      name: 'sipcol',
      version: '0.1.0',
      node: 'v20.20.2',
      receiveMethod: 'native',
      dependencies: [{ name: 'fastify', version: '5.12.8', licence: 'MIT' }],
    },
    config: [
      {
        name: 'hep_udp_port',
        value: '9060',
        source: 'default',
        default: '9060',
        doc: 'UDP port HEP is received on',
        env: 'SIPCOL_HEP_UDP_PORT',
        unit: '',
      },
      {
        name: 'http_port',
        value: '8081',
        source: 'command line',
        default: '8060',
        doc: 'TCP port of the web server',
        env: 'SIPCOL_HTTP_PORT',
        unit: '',
      },
    ],
    settings: accessSettings(),
    shareSettings: { most: 100, mostBytes: 1 << 20, ageUs: 720 * 3600 * 1e6, directory: '' },
    linksOut: [],
    aliases: NO_ALIASES,
    aliasStore: { path: '', read: () => Promise.resolve(''), write: () => Promise.resolve() },
    diagnosis: new FakeDiagnosis(),
    log,
    logLevel: level(),
    ...changes,
  } as FakeDeps; // `changes` of tests never replace the engine
}
