/** Cost of IPFIX: one set decoded, by kind, and one message through the whole pipeline. Run: node .build/bench/micro/ipfix.bench.js */
import { pathToFileURL } from 'node:url';
import { CounterSet } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { Packet } from '../../src/model/packet.ts';
import { Ingest } from '../../src/pipeline/ingest.ts';
import { IpfixPipeline } from '../../src/pipeline/ipfix.ts';
import { ProbeTable } from '../../src/pipeline/probes.ts';
import { connectSet, message, qosSet, type SightedSip, sipSet } from '../../src/probe/encode.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { QosTable } from '../../src/tracker/qos.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { decodeConnect } from '../../src/wire/ipfix/connect.ts';
import { SetId } from '../../src/wire/ipfix/format.ts';
import { decodeQos } from '../../src/wire/ipfix/qos.ts';
import { decodeSipSet, type SipSetId } from '../../src/wire/ipfix/sip-set.ts';
import { type Figure, nsPerOperation, printFigures } from '../support/measure.ts';
import { engineSettings } from '../support/settings.ts';
import { callMessages, MESSAGES_PER_CALL } from '../support/traffic.ts';

const RUNS = 7;
const OPERATIONS = 200_000;
const NOW_US = 1_700_000_000_000_000;
const SET_HEADER = 4;
const [INVITE] = callMessages(1);

const SIGHTED: SightedSip = {
  direction: 'in',
  transport: 'udp',
  timeUs: NOW_US,
  slot: 0,
  port: 1,
  vlan: 100,
  src: '192.0.2.10',
  srcPort: 5060,
  dst: '192.0.2.20',
  dstPort: 5060,
  ingressCallId: 'a84b4c76e66710@pc33.example.com',
  contextId: 7,
  payload: Buffer.from(INVITE?.text ?? '', 'latin1'),
};

function setOf(changes: Partial<SightedSip>): Buffer {
  const set = sipSet({ ...SIGHTED, ...changes });
  if (set === undefined) throw new Error('no set for this');
  return set;
}

function decoding(name: string, id: SipSetId, set: Buffer): Figure {
  const packet = new Packet(set);
  const value = nsPerOperation(RUNS, OPERATIONS, () => {
    for (let n = 0; n < OPERATIONS; n++) {
      if (decodeSipSet(id, set, SET_HEADER, set.length, packet, NOW_US) !== Fault.NONE) throw new Error('refused');
    }
  });
  return { name: `decode ${name}`, value, unit: 'ns' };
}

function decodingRare(name: string, set: Buffer, decode: (set: Buffer) => unknown): Figure {
  const operations = 20_000;
  const value = nsPerOperation(RUNS, operations, () => {
    for (let n = 0; n < operations; n++) if (typeof decode(set) === 'number') throw new Error('refused');
  });
  return { name: `decode ${name}`, value, unit: 'ns' };
}

/** SIP sets of 700 octets, as an SBC sends them for each INVITE; the target is 3 µs each. */
export function benchIpfixDecoding(): Figure[] {
  const v6 = { src: '2001:db8::1', dst: '2001:db8::2' };
  const rtp = { rtpBytes: 172_000, rtpPackets: 1000, rtpLost: 3, rtpAverageJitter: 12, rtpMaxJitter: 40 };
  const rtcp = { rtcpBytes: 2000, rtcpPackets: 20, rtcpLost: 0, rtcpAverageJitter: 10, rtcpMaxJitter: 30 };
  const leg = { ...rtp, ...rtcp, rtcpAverageLatency: 15, rtcpMaxLatency: 25, rValue: 9320, mos: 441 };
  const flow = { src: '192.0.2.1', dst: '192.0.2.2', srcPort: 10_000, dstPort: 20_000 };
  const at = { slot: 0, port: 0, vlan: 0 };
  const qos = qosSet({
    incoming: leg,
    outgoing: leg,
    payloadType: 8,
    caller: at,
    callee: at,
    beginUs: NOW_US,
    endUs: NOW_US,
    callerIncoming: flow,
    calleeIncoming: flow,
    callerOutgoing: flow,
    calleeOutgoing: flow,
    incomingRealm: 'access',
    outgoingRealm: 'core',
    incomingCallId: 'x@1',
    outgoingCallId: 'y@2',
  });
  const connect = connectSet({ hostName: 'ecz730', keepaliveS: 30, configFlags: 0xfc, configFlags2: 0, systemId: 0 });
  return [
    decoding('SIP set, UDP received', SetId.SIP_UDP_IN, setOf({})),
    decoding('SIP set, UDP sent', SetId.SIP_UDP_OUT, setOf({ direction: 'out' })),
    decoding('SIP set, UDP over IPv6', SetId.SIP_UDP_IN, setOf(v6)),
    decoding('SIP set, TCP received', SetId.SIP_TCP_IN, setOf({ transport: 'tcp' })),
    decoding('SIP set, TCP sent', SetId.SIP_TCP_OUT, setOf({ transport: 'tcp', direction: 'out' })),
    decodingRare('quality record', qos, (set) => decodeQos(set, SET_HEADER, set.length)),
    decodingRare('connect request', connect, (set) => decodeConnect(set, SET_HEADER, set.length)),
  ];
}

const CALLS = 3000;

/** Whole calls through decoding, parsing and tracking. */
export function benchIpfixPipeline(): Figure[] {
  const settings = engineSettings();
  const messages = Array.from({ length: CALLS }, (_, call) =>
    callMessages(call).map(({ text, forward }) =>
      message([setOf({ direction: forward ? 'in' : 'out', payload: Buffer.from(text, 'latin1') })], 1, call),
    ),
  ).flat();
  const value = nsPerOperation(RUNS, CALLS * MESSAGES_PER_CALL, () => {
    const counters = new CounterSet();
    const events = new EventRing(settings.eventBufferSize, counters);
    const tracker = new CallTracker(settings.tracker, events, counters, 1);
    const ingest = new Ingest(settings, tracker, events, counters, () => undefined);
    const qos = new QosTable(settings.qos, tracker, counters);
    const pipeline = new IpfixPipeline(settings, ingest, new ProbeTable(counters), qos, counters);
    const local = { ip: '192.0.2.2', port: 4739 };
    const session = pipeline.connection({ ip: '192.0.2.1', port: 1 }, local, () => undefined, NOW_US);
    for (const bytes of messages) session?.message(bytes, 0, bytes.length, NOW_US);
  });
  return [{ name: 'IPFIX message to tracked call', value, unit: 'ns' }];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  printFigures('ipfix', [...benchIpfixDecoding(), ...benchIpfixPipeline()]);
}
