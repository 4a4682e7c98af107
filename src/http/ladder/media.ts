import { parseIp } from '../../model/endpoint.ts';
import type {
  CallMessages,
  CallMessageView,
  CallView,
  EndpointView,
  QosLegView,
  QosView,
  ReportView,
} from '../../model/views.ts';
import { formatNumber } from '../show.ts';
import { delayOf, impairmentOf, ratingOf, scoreOfRating } from './e-model.ts';

/**
 * What was measured of a call's media, by whoever measured it: SBCs in quality records, phones in the header field
 * X-RTP-Stat of their last message, both in the body vq-rtcpxr (RFC 6035); agents in RTCP and in reports of their own.
 */
export interface MediaReport {
  atUs: number;
  callId: string;
  src: EndpointView;
  dst: EndpointView;
  /** `RTP PCMA, MOS 4.2`. */
  label: string;
  details: string[];
  /** Id of the message that carries it; `null` for a record of its own. */
  message: number | null;
  /** Mean opinion score, where one was told. */
  mos: number | null;
}

/** Where reports of a call's media come from. */
export type MediaSources = Pick<CallMessages, 'entries' | 'items' | 'reports'>;

/** Reports of the calls and their messages, in order of time. */
export function mediaReports({ entries, items, reports }: MediaSources): MediaReport[] {
  const codec = items.find(({ sdp }) => sdp !== null)?.sdp?.codec ?? '';
  const all = [
    ...entries.flatMap(recordsOf),
    ...items.flatMap(reportsOf),
    ...reports.flatMap((told) => agentReportOf(told, codec)),
  ];
  return all.toSorted((a, b) => a.atUs - b.atUs);
}

/** What an agent sent besides SIP: who sends RTCP tells what he sent, and what each stream was like that he received. */
function agentReportOf(told: ReportView, codec: string): MediaReport[] {
  const { atUs, callId, src, dst, kind, sent, streams } = told;
  const place = { atUs, callId, src, dst, message: null };
  if (kind === 'log') return [{ ...place, label: 'log', details: [told.text], mos: null }];
  const sending = sent === null ? [] : [report(place, codec, null, [`sent ${formatNumber(sent.packets)}`])];
  // What was received came from the other side.
  const received = { ...place, src: dst, dst: src };
  return [...sending, ...streams.map((stream) => streamReportOf(received, stream, codec))];
}

type Stream = ReportView['streams'][number];

function streamReportOf(place: Place, stream: Stream, agreedCodec: string): MediaReport {
  const codec = stream.codec === '' ? agreedCodec : stream.codec;
  const { packets, lost, lossPercent, roundTripMs, rFactor } = stream;
  const jitterMs = stream.jitterMs ?? inMs(stream.jitterUnits, codec);
  // A score nobody told is an estimate, where there is anything to make one of.
  const mos = stream.mos ?? (lossPercent === null ? null : estimate(codec, roundTripMs, jitterMs ?? 0, lossPercent));
  const details = [
    figure('packets', packets),
    figure('lost', lost),
    lossPercent === null ? '' : `loss ${formatNumber(Math.round(lossPercent * 100) / 100)} %`,
    jitterMs === null ? '' : `jitter ${formatNumber(Math.round(jitterMs * 10) / 10)} ms`,
    roundTripMs === null ? '' : `round trip ${formatNumber(Math.round(roundTripMs))} ms`,
    figure('R', rFactor),
    stream.mos === null && mos !== null ? 'MOS estimated by G.107' : '',
  ];
  return report(place, codec, mos, details);
}

/** Codecs whose timestamps do not count 8000 in a second (RFC 3551 §6, RFC 7587 §4.1); G.722 does, though it samples 16 000. */
const CLOCKS: ReadonlyMap<string, number> = new Map([['OPUS', 48_000]]);

function inMs(units: number | null, codec: string): number | null {
  return units === null ? null : (units / (CLOCKS.get(codec.toUpperCase()) ?? 8000)) * 1000;
}

function estimate(codec: string, roundTripMs: number | null, jitterMs: number, lossPercent: number): number {
  const rating = ratingOf(impairmentOf(codec), delayOf(roundTripMs, jitterMs), lossPercent);
  return Math.round(scoreOfRating(rating) * 10) / 10;
}

/** The same record is held by both legs, each of which draws its own; entries of one fork hold the same, too. */
function recordsOf(entry: CallView, index: number, entries: readonly CallView[]): MediaReport[] {
  if (entries.findIndex(({ callId }) => callId === entry.callId) !== index) return [];
  return entry.qos.flatMap((record) =>
    [record.incoming, record.outgoing].flatMap((leg) => (leg.callId === entry.callId ? recordOf(record, leg) : [])),
  );
}

function recordOf(record: QosView, leg: QosLegView): MediaReport[] {
  const { rtp, rtcp, mos } = leg;
  const [flow] = leg.flows;
  if (flow === undefined) return [];
  const details = [
    figure('packets', rtp.packets),
    figure('lost', rtp.lost),
    figure('jitter', rtp.averageJitter),
    figure('RTCP lost', rtcp.lost),
    figure('latency', rtcp.averageLatency),
  ];
  const { src, dst } = flow;
  return [report({ atUs: record.endUs, callId: leg.callId, src, dst, message: null }, record.codec, mos, details)];
}

/** Only the first hop of a message counts; the others carry the same. */
function reportsOf(message: CallMessageView): MediaReport[] {
  return message.repeat === 'new' ? [...statisticsOf(message), ...qualityReportsOf(message)] : [];
}

const RTP_STAT = /^[XP]-RTP-Stat[ \t]*:[ \t]*([^\r\n]{1,500})/im;

/** `X-RTP-Stat: PS=1230,OS=…,PR=1228,PL=2,JI=3,LA=20,EN=PCMA,DE=PCMA`, as phones and gateways write it. */
function statisticsOf(message: CallMessageView): MediaReport[] {
  const text = RTP_STAT.exec(message.raw)?.[1];
  if (text === undefined) return [];
  const values = new Map(
    text.split(/[,;]/).map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name.trim().toUpperCase(), value.trim()] as const;
    }),
  );
  const told = (name: string, key: string): string => (values.has(key) ? `${name} ${values.get(key) ?? ''}` : '');
  const details = [
    told('sent', 'PS'),
    told('received', 'PR'),
    told('lost', 'PL'),
    told('jitter', 'JI'),
    told('latency', 'LA'),
  ];
  const mos = scoreOf(values.get('MOS') ?? values.get('MS'));
  return [report(placeOf(message), values.get('EN') ?? values.get('DE') ?? '', mos, details)];
}

/** A report body has few lines; what is behind is not read. */
const MAX_REPORT = 8000;

/** RFC 6035 §4.6: `VQSessionReport`, addresses, codec and scores, each `name:key=value key=value`. */
function qualityReportsOf(message: CallMessageView): MediaReport[] {
  const start = message.raw.search(/^VQ(?:Session|Interval|Alert)Report\b/m);
  if (start < 0) return [];
  const values = new Map<string, string>();
  for (const line of message.raw.slice(start, start + MAX_REPORT).split(/\r?\n/)) {
    const [, name = '', rest = ''] = /^(\w{1,40}):(.*)$/.exec(line) ?? [];
    for (const [, key = '', quoted, bare = ''] of rest.matchAll(/(\w{1,20})=(?:"([^"]*)"|(\S*))/g)) {
      const place = `${name} ${key}`.toLowerCase();
      if (!values.has(place)) values.set(place, quoted ?? bare);
    }
  }
  const local = endpointOf(values, 'localaddr') ?? message.src;
  const remote = endpointOf(values, 'remoteaddr') ?? message.dst;
  const mos = scoreOf(values.get('qualityest moslq') ?? values.get('qualityest moscq'));
  const told = (name: string, key: string, unit = ''): string =>
    values.has(key) ? `${name} ${values.get(key) ?? ''}${unit}` : '';
  const details = [
    told('lost', 'packetloss nlr', ' %'),
    told('discarded', 'packetloss jdr', ' %'),
    told('jitter', 'jitterbuffer jbn', ' ms'),
    told('round trip', 'delay rtd', ' ms'),
  ];
  // What was received: from the other side.
  const ends = { ...placeOf(message), src: remote, dst: local };
  return [report(ends, values.get('sessiondesc pd') ?? '', mos, details)];
}

function endpointOf(values: ReadonlyMap<string, string>, name: string): EndpointView | undefined {
  const ip = values.get(`${name} ip`) ?? '';
  const port = Number(values.get(`${name} port`) ?? 0);
  return parseIp(ip) === undefined || !(port >= 0 && port <= 65_535) ? undefined : { ip, port };
}

/** When and between whom it was. */
type Place = Omit<MediaReport, 'label' | 'details' | 'mos'>;

const placeOf = ({ atUs, callId, src, dst, id }: CallMessageView): Place => ({
  atUs,
  callId,
  src,
  dst,
  message: id,
});

function report(place: Place, codec: string, mos: number | null, details: readonly string[]): MediaReport {
  const score = mos === null ? '' : `, MOS ${mos} ${verdictOf(mos)}`;
  const label = `RTP${codec === '' ? '' : ` ${codec}`}${score}`;
  return { ...place, label, details: details.filter((text) => text !== ''), mos };
}

export type Verdict = 'good' | 'fair' | 'poor' | 'bad';

/** ITU-T P.800.1 names no bounds; these are the usual ones. */
export function verdictOf(mos: number): Verdict {
  if (mos >= 4) return 'good';
  if (mos >= 3) return 'fair';
  return mos >= 2 ? 'poor' : 'bad';
}

function scoreOf(text: string | undefined): number | null {
  const score = /^[0-5](?:\.\d{1,4})?$/.test(text ?? '') ? Number(text) : Number.NaN;
  return score >= 1 ? score : null;
}

function figure(name: string, value: number | null): string {
  return value === null ? '' : `${name} ${formatNumber(value)}`;
}
