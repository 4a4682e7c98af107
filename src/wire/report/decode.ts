import { Fault } from '../../model/fault.ts';
import { PayloadKind } from '../../model/packet.ts';
import type { Report, StreamReport } from '../../model/report.ts';
import { displayText } from '../../model/text.ts';
import { decodeRtcp, looksLikeRtcp } from './rtcp.ts';

/**
 * What agents send besides SIP, read: RTCP as binary or as the JSON of captagent, heplify, Asterisk and rtpengine, the
 * JSON of rtpagent, a score alone, lines of logs. Members may be absent, `null`, or numbers in quotes.
 */
const MAX_STREAMS = 31;
const MAX_TEXT = 500;

/** Kinds of payload that are read here. */
export function isReport(kind: number): boolean {
  const { RTCP, MOS_FULL, MOS_SHORT, LOG } = PayloadKind;
  return kind === RTCP || kind === MOS_FULL || kind === MOS_SHORT || kind === LOG;
}

/**
 * @param mos what the envelope says, × 100; -1 = nothing
 * @param rFactor the same; -1 = nothing
 * @returns the report, `REPORT_BAD_RTCP` or `REPORT_BAD_JSON`
 */
export function decodeReport(kind: number, payload: Buffer, mos: number, rFactor: number): Report | Fault {
  if (kind === PayloadKind.LOG) return logOf(payload);
  if (kind === PayloadKind.RTCP && looksLikeRtcp(payload)) return decodeRtcp(payload);
  if (kind === PayloadKind.MOS_SHORT) {
    return { ...NOTHING, streams: [{ ...NO_STREAM, mos: hundredths(mos), rFactor: rFactor < 0 ? null : rFactor }] };
  }
  const json = parsed(payload);
  if (json === undefined) return Fault.REPORT_BAD_JSON;
  return kind === PayloadKind.RTCP ? rtcpOf(json) : mediaReportOf(json, hundredths(mos));
}

const NOTHING: Report = { kind: 'media report', ssrc: null, sent: null, streams: [], text: '' };
const NO_STREAM: StreamReport = {
  ssrc: null,
  codec: '',
  packets: null,
  lost: null,
  lossPercent: null,
  jitterUnits: null,
  jitterMs: null,
  lastSenderReport: 0,
  delay: 0,
  mos: null,
  rFactor: null,
};

function logOf(payload: Buffer): Report {
  return { ...NOTHING, kind: 'log', text: displayText(payload.toString('latin1', 0, MAX_TEXT)) };
}

type Json = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {}); // members are checked where they are read

function parsed(payload: Buffer): Json | undefined {
  const text = payload.toString('utf8');
  // captagent writes the texts of SDES, which come last, as they are: without them the rest can be read.
  const sdes = text.indexOf(',"sdes_');
  const attempts = sdes < 0 ? [text] : [text, `${text.slice(0, sdes)}}`];
  for (const attempt of attempts) {
    try {
      return asObject(JSON.parse(attempt));
    } catch {
      // the next attempt, if there is one
    }
  }
  return undefined;
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** 32 bits, which some generators write with a sign. */
const word = (value: unknown): number => (numberOf(value) ?? 0) >>> 0;
const NEGATIVE_24 = 0x80_0000;
const RANGE_24 = 0x100_0000;

function rtcpOf(json: Json): Report {
  const blocks = Array.isArray(json['report_blocks']) ? json['report_blocks'].slice(0, MAX_STREAMS) : [];
  const info = asObject(json['sender_information']);
  const [seconds, fraction] = [word(info['ntp_timestamp_sec']), word(info['ntp_timestamp_usec'])];
  // heplify sends zeros where there is no sender report.
  const sent =
    seconds === 0
      ? null
      : { packets: word(info['packets']), octets: word(info['octets']), ntp: middleOf(seconds, fraction) };
  const ssrc = numberOf(json['ssrc']);
  return { kind: 'RTCP', ssrc: ssrc === null ? null : ssrc >>> 0, sent, streams: blocks.map(blockOf), text: '' };
}

/** Seconds from 1900 to 1970: Asterisk counts from there, and in microseconds. */
const SECONDS_1900_TO_1970 = 2_208_988_800;

function middleOf(seconds: number, fraction: number): number {
  const isUnix = seconds < SECONDS_1900_TO_1970;
  const ntpSeconds = isUnix ? seconds + SECONDS_1900_TO_1970 : seconds;
  const high = isUnix ? Math.floor((fraction / 1e6) * 65_536) : Math.floor(fraction / 65_536);
  return (((ntpSeconds & 0xffff) << 16) | (high & 0xffff)) >>> 0;
}

function blockOf(value: unknown): StreamReport {
  const block = asObject(value);
  const lost = numberOf(block['packets_lost']);
  const share = numberOf(block['fraction_lost']);
  const jitter = numberOf(block['ia_jitter']);
  return {
    ...NO_STREAM,
    ssrc: word(block['source_ssrc']),
    lost: lost !== null && lost >= NEGATIVE_24 && lost < RANGE_24 ? lost - RANGE_24 : lost,
    lossPercent: share !== null && share >= 0 && share <= 255 ? (share / 256) * 100 : null,
    jitterUnits: jitter !== null && jitter >= 0 ? jitter : null,
    lastSenderReport: word(block['lsr']),
    delay: word(block['dlsr']),
  };
}

/** The report of rtpagent, hepipe.js and horaclifix. */
function mediaReportOf(json: Json, mos: number | null): Report {
  const lost = numberOf(json['PACKET_LOSS']);
  const expected = numberOf(json['EXPECTED_PK']);
  const codec = json['CODEC_NAME'];
  const told = numberOf(json['MEAN_MOS']) ?? numberOf(json['MOS']);
  const stream: StreamReport = {
    ...NO_STREAM,
    codec: typeof codec === 'string' ? codec.slice(0, 40) : '',
    packets: numberOf(json['TOTAL_PK']),
    lost,
    lossPercent: lost !== null && expected !== null && expected > 0 ? (lost / expected) * 100 : null,
    jitterMs: numberOf(json['MEAN_JITTER']) ?? numberOf(json['JITTER']),
    mos: told === null ? mos : scoreOf(told > 5 ? told / 100 : told),
    rFactor: numberOf(json['MEAN_RFACTOR']) ?? numberOf(json['RFACTOR']),
  };
  return { ...NOTHING, streams: [stream] };
}

/** 0 and what is above the scale say that there is no score. */
function scoreOf(mos: number): number | null {
  return mos >= 1 && mos <= 5 ? mos : null;
}

function hundredths(mos: number): number | null {
  return mos < 0 ? null : scoreOf(mos / 100);
}
