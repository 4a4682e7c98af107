/**
 * Writes `fixtures/expected/*.json`: what a collector must make of our captures, worked out from tshark's dissection
 * of the SIP that was really on the wire. The HEP copies give only the order in which messages became known.
 *
 *   npm run build:test && node .build/test/captures/expect-from-tshark.js
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type HepEnvelope, readHep } from '../support/hep-envelope.ts';
import { type Datagram, readDatagrams } from '../support/pcap.ts';
import { CAPTURES, type Expected, capturePath, expectedPath } from './expected.ts';
import { CallModel, type Sighting, type WireSip } from './sip-model.ts';

/** Captures of agents that were fed with another capture: the SIP on the wire is in that one. */
const WIRE_OF: Readonly<Record<string, string>> = {
  'sngrep-hep': 'kamailio-5.6-siptrace-hep3',
  'sipgrep-hep': 'kamailio-5.6-siptrace-hep3',
};

const HEP_PORTS = [9060, 9061, 9062];

const FIELDS = [
  'ip.proto',
  'ip.src',
  'ip.dst',
  'udp.srcport',
  'udp.dstport',
  'tcp.srcport',
  'tcp.dstport',
  'sip.Call-ID',
  'sip.Method',
  'sip.Status-Code',
  'sip.CSeq.seq',
  'sip.CSeq.method',
  'sip.Via.branch',
  'sip.from.addr',
  'sip.from.tag',
  'sip.to.addr',
  'sip.to.tag',
  'sip.r-uri',
  'sip.contact.uri',
  'sip.contact.parameter',
  'sip.Expires',
] as const;

export function expect(name: string): Expected {
  const datagrams = readDatagrams(capturePath(name), HEP_PORTS);
  const packets = datagrams.map((datagram) => ({ datagram, hep: readHep(datagram.payload) }));
  const [first] = packets;
  if (first === undefined) throw new Error(`${name}: no HEP packets`);
  const sip = packets.filter(({ hep }) => hep.kind === 1 && startsLikeSip(hep.payload));
  const calls = new Map<string, CallModel>();
  const sightings: Record<Sighting, number> = { new: 0, 'other hop': 0, 'seen again': 0, retransmission: 0 };
  if (sip.length > 0) {
    const wire = onTheWire(WIRE_OF[name] ?? name);
    for (const { datagram, hep } of sip) {
      const message = wireMessageOf(hep, wire);
      const timeUs = hep.timeUs ?? datagram.timeUs;
      let call = calls.get(message.callId);
      if (call === undefined) calls.set(message.callId, (call = new CallModel(message, timeUs)));
      sightings[call.see(message, timeUs)]++;
    }
  }
  return {
    capture: `${name}.pcap`,
    hepPort: first.datagram.dstPort,
    agent: agentOf(packets, sip.length),
    counters: countersOf(packets, sip.length, [...calls.values()], sightings),
    calls: [...calls.values()].map((call) => call.expected()),
  };
}

type Received = { datagram: Datagram; hep: HepEnvelope };

function agentOf(packets: Received[], sip: number): Expected['agent'] {
  const sources = new Set(packets.map(({ datagram, hep }) => `${displayedId(hep.captureId)}@${datagram.src}`));
  const [source] = sources;
  if (sources.size !== 1 || source === undefined) throw new Error('expected one agent per capture');
  const [captureId, address] = source.split('@');
  return {
    source: address ?? '',
    captureId: Number(captureId),
    versions: [...new Set(packets.map(({ hep }) => hep.version))],
    packets: packets.length,
    bytes: packets.reduce((sum, { datagram }) => sum + datagram.payload.length, 0),
    sip,
    other: packets.length - sip,
  };
}

/** sngrep and sipgrep shift their id by 16 bits; it is shown as it was meant. */
function displayedId(raw: number): number {
  return raw % 0x10000 === 0 ? raw / 0x10000 : raw;
}

function countersOf(
  packets: Received[],
  sip: number,
  calls: readonly CallModel[],
  sightings: Record<Sighting, number>,
): Record<string, number> {
  const leases = calls.map((call) => call.leases());
  const sum = (name: 'bindings' | 'bound' | 'subscribed'): number =>
    leases.reduce((all, lease) => all + lease[name], 0);
  const rtcp = packets.filter(({ hep }) => hep.kind === 5).length;
  return {
    'ingest.received': packets.length,
    'ingest.tracked': sip,
    // Type 1 with a payload that is no SIP: what sipgrep makes of HEP packets it overhears.
    'ingest.refused': packets.length - sip - rtcp,
    'ingest.ignored': rtcp,
    'ingest.ignored.rtcp': rtcp,
    'ingest.dropped': 0,
    ...Object.fromEntries(
      [1, 2, 3].map((version) => [`hep.v${version}`, packets.filter(({ hep }) => hep.version === version).length]),
    ),
    'hep.agents': 1,
    'calls.created': calls.length,
    'calls.forked': 0,
    'calls.active': calls.length,
    'calls.other_hop': sightings['other hop'],
    'calls.seen_again': sightings['seen again'],
    'calls.retransmissions': sightings.retransmission,
    'regs.created': sum('bindings'),
    'regs.active': sum('bound'),
    'subs.active': sum('subscribed'),
  };
}

/** Every SIP message between user agents and proxy, found by what identifies one transmission. */
function onTheWire(name: string): Map<string, WireSip> {
  const filter = `sip and not (${HEP_PORTS.map((port) => `udp.port==${port}`).join(' or ')})`;
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const output = execFileSync(
    'tshark',
    ['-r', capturePath(name), '-Y', filter, '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=f', ...fields],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 },
  );
  const wire = new Map<string, WireSip>();
  for (const line of output.trimEnd().split('\n')) {
    const columns = line.split('|');
    const of = (field: (typeof FIELDS)[number]): string => columns[FIELDS.indexOf(field)] ?? '';
    const transport = of('ip.proto') === '6' ? 'tcp' : 'udp';
    const sip: WireSip = {
      callId: of('sip.Call-ID'),
      method: of('sip.Method'),
      status: Number(of('sip.Status-Code')),
      cseq: Number(of('sip.CSeq.seq')),
      cseqMethod: of('sip.CSeq.method'),
      branch: of('sip.Via.branch'),
      from: of('sip.from.addr'),
      fromTag: of('sip.from.tag'),
      to: of('sip.to.addr'),
      toTag: of('sip.to.tag'),
      requestUri: of('sip.r-uri'),
      contact: of('sip.contact.uri').split(';', 1)[0] ?? '',
      contactExpires: /^expires=(\d+)$/.exec(of('sip.contact.parameter'))?.[1] ?? '',
      expires: of('sip.Expires'),
      src: `${of('ip.src')}:${of(`${transport}.srcport`)}`,
      dst: `${of('ip.dst')}:${of(`${transport}.dstport`)}`,
      transport,
    };
    const what = sip.method || String(sip.status);
    const cseq = `${sip.cseq} ${sip.cseqMethod}`;
    wire.set(transmission(sip.src, sip.dst, transport, sip.callId, what, sip.branch, cseq), sip);
  }
  return wire;
}

function transmission(...parts: string[]): string {
  return parts.join(' ');
}

/** The transmission a HEP packet is a copy of; endpoints included, so a copy that names wrong ones is found out. */
function wireMessageOf(hep: HepEnvelope, wire: Map<string, WireSip>): WireSip {
  const text = hep.payload.toString('latin1');
  const header = (name: string): string => new RegExp(`^${name}: *(.*?)\r$`, 'im').exec(text)?.[1] ?? '';
  const branch = /branch=([^;,\s]+)/.exec(header('Via'))?.[1] ?? '';
  const [first = '', second = ''] = text.split(' ', 2);
  const what = first === 'SIP/2.0' ? second : first;
  const id = transmission(hep.src, hep.dst, hep.transport, header('Call-ID'), what, branch, header('CSeq'));
  const message = wire.get(id);
  if (message === undefined) throw new Error(`HEP copy of something that was not on the wire: ${id}`);
  return message;
}

function startsLikeSip(payload: Buffer): boolean {
  return /^(SIP\/2\.0 \d{3} |[A-Z]+ sip:)/.test(payload.subarray(0, 32).toString('latin1'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const name of CAPTURES) {
    writeFileSync(expectedPath(name), `${JSON.stringify(expect(name), undefined, 1)}\n`);
  }
}
