import { formatEndpoint } from '../../model/endpoint.ts';
import type { EndpointView, ListenerView, Page, ProbeView, SetView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { quoted, textTime, visible } from '../show.ts';
import { agoText, type Hint } from '../why.ts';
import { countsText, rateText } from './agents.ts';
import { whyText } from './calls.ts';

/** Connections as the reference program lists them, and below each what became of what it sent. */
interface ProbeListTextProps {
  page: Page<ProbeView>;
  listener: ListenerView | null;
  truncated: boolean;
  why: readonly Hint[];
  nowUs: number;
  zone: Zone;
}

export function probeListText({ page, listener, truncated, why, nowUs, zone }: ProbeListTextProps): string {
  if (listener === null) return 'Error: IPFIX disabled (addr: "" port:0)\n';
  const where = formatEndpoint(listener.address, listener.port);
  return [
    `IPFIX connections on ${where} (${page.items.length}/${page.total}) :\n`,
    ...page.items.map((probe, at) => probeText(probe, at, page.offset + at, nowUs, zone)),
    ...(truncated
      ? [`# one answer holds ${page.limit}: ask for more with s=${page.offset + page.items.length}`, '']
      : []),
    whyText(why),
  ].join('\n');
}

const number = (value: number, width = 5): string => String(value).padStart(width);
const endpoint = (at: EndpointView): string => visible(formatEndpoint(at.ip, at.port));

function probeText(probe: ProbeView, index: number, position: number, nowUs: number, zone: Zone): string {
  const ago = (us: number): string => `${textTime(us, zone)} (${agoText(us, nowUs)})`;
  const lines = [
    `${number(index)}. (${position}) ${endpoint(probe.peer)} -> ${endpoint(probe.local)}   id: ${number(probe.id, 4)},  pkts: ${number(probe.messages)},  sip: ${number(probe.sipSets)}`,
    `started   : ${ago(probe.startedUs)}`,
    `last io   : ${ago(probe.lastIoUs)}`,
    `timeout   : ${probe.timeoutS}s (keepalive : ${probe.keepaliveS}s)`,
    `handshake : no ${probe.handshakes}`,
    ...requestLines(probe),
    `accounts  : received ${probe.received} tracked ${probe.tracked} refused: ${countsText(probe.refused)} ignored: ${countsText(probe.ignored)} qos: ${probe.qosSets}`,
    rateText(probe),
    ...probe.sets.map((set) => setText(set, zone)),
  ];
  return `${lines.join('\n       ')}\n`;
}

function setText({ id, meaning, records, octets, lastSeenUs, malformed }: SetView, zone: Zone): string {
  const name = `set ${id ?? ''}`.padEnd(10);
  return `${name}: ${meaning === '' ? 'unknown' : visible(meaning)}: ${records} records ${octets} octets malformed: ${countsText(malformed)} last: ${textTime(lastSeenUs, zone)}`;
}

/** What the probe asked for: not what was agreed. */
function requestLines(probe: ProbeView): string[] {
  if (probe.protocolVersion === null) return [];
  const [config = '', config2 = '', system = ''] = probe.flags;
  return [
    `protocol ver ${probe.protocolVersion} cfg flags ${config} ${config2} sys flags ${system} system id: ${probe.systemId}`,
    `keepalive ${probe.requestedKeepaliveS}s`,
    `product   0x${probe.product} ver ${probe.productVersion}`,
    `host      ${quoted(probe.host ?? '')}`,
  ].map((line) => `            ${visible(line)}`);
}
