import { Fault } from '../../model/fault.ts';
import type { Report, StreamReport } from '../../model/report.ts';

/**
 * RTCP packets one behind the other (RFC 3550 §6): sender and receiver reports are read, the others passed over.
 *
 *   head   version 2, padding, count │ type │ length in words less one      SR  ssrc, NTP 8, RTP 4, packets 4, octets 4, block …
 *   block  ssrc 4 │ share lost 1 │ lost 3 │ sequence 4 │ jitter 4 │ last SR 4 │ delay 4          RR  ssrc, block …
 */
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const HEAD = 4;
const SENDER_INFO = 20;
const BLOCK = 24;
const VERSION_2 = 0x80;

/** True when octets can be RTCP: version 2, and one of the types between 192 and 223. */
export function looksLikeRtcp(bytes: Buffer): boolean {
  const [first = 0, type = 0] = bytes;
  return (first & 0xc0) === VERSION_2 && type >= 192 && type <= 223;
}

/** Reads compound RTCP; `REPORT_BAD_RTCP` when a length or a count says more than there is. */
export function decodeRtcp(bytes: Buffer): Report | Fault {
  const report: Report = { kind: 'RTCP', ssrc: null, sent: null, streams: [], text: '' };
  for (let at = 0; at < bytes.length;) {
    const packet = bytes.subarray(at);
    if (packet.length < HEAD + 4 || !looksLikeRtcp(packet)) return Fault.REPORT_BAD_RTCP;
    const length = (packet.readUInt16BE(2) + 1) * 4;
    const type = packet.readUInt8(1);
    if (length > packet.length) return Fault.REPORT_BAD_RTCP;
    if (type === SENDER_REPORT || type === RECEIVER_REPORT) {
      const blocks = HEAD + 4 + (type === SENDER_REPORT ? SENDER_INFO : 0);
      const count = packet.readUInt8(0) & 0x1f;
      if (blocks + count * BLOCK > length) return Fault.REPORT_BAD_RTCP;
      report.ssrc = packet.readUInt32BE(HEAD);
      if (type === SENDER_REPORT) {
        const ntp = packet.readUInt32BE(HEAD + 6);
        report.sent = { ntp, packets: packet.readUInt32BE(HEAD + 16), octets: packet.readUInt32BE(HEAD + 20) };
      }
      for (let n = 0; n < count; n++) report.streams.push(streamOf(packet, blocks + n * BLOCK));
    }
    at += length;
  }
  return report;
}

function streamOf(packet: Buffer, at: number): StreamReport {
  return {
    ssrc: packet.readUInt32BE(at),
    codec: '',
    packets: null,
    lost: packet.readIntBE(at + 5, 3),
    lossPercent: (packet.readUInt8(at + 4) / 256) * 100,
    jitterUnits: packet.readUInt32BE(at + 12),
    jitterMs: null,
    lastSenderReport: packet.readUInt32BE(at + 16),
    delay: packet.readUInt32BE(at + 20),
    mos: null,
    rFactor: null,
  };
}
