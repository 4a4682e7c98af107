/**
 * Everything that can be wrong with what arrives, as numbers for the hot path and stable codes for people.
 *
 * A fault is a value, not an exception: hostile octets are normal input, and returning a small integer costs
 * nothing. The names are public (counters, logs, API) and never reused; `docs/codes.md` is kept equal by a test.
 */
export interface FaultInfo {
  /** Stable public code. */
  readonly code: string;
  /** One sentence for an operator: what was wrong with the input. */
  readonly text: string;
  /** Number of the reference program's parse error table, for `pkt_stats.parse_error_<n>`; SIP faults only. */
  readonly parseError?: number;
}

export const Fault = {
  NONE: 0,
  // HEP envelope
  HEP_SHORT: 1,
  HEP_BAD_LENGTH: 2,
  HEP_TRUNCATED: 3,
  HEP_BAD_CHUNK: 4,
  HEP_CHUNK_LIMIT: 5,
  HEP_NO_ADDRESS: 6,
  HEP_NO_PAYLOAD: 7,
  HEP_BAD_FAMILY: 8,
  HEP_NOT_HEP: 9,
  HEP_MALFORMED: 10,
  HEP_INFLATE: 11,
  HEP_INFLATE_LIMIT: 12,
  HEP_TOO_BIG: 13,
  HEP_BAD_MAGIC: 14,
  HEP_STREAM_CUT: 15,
  HEP_STREAM_DEADLINE: 16,
  // Who may send
  NOT_ALLOWED: 20,
  AUTH_MISSING: 21,
  AUTH_WRONG: 22,
  // SIP message
  SIP_END_OF_HEADER: 31,
  SIP_EMPTY_HEADER: 32,
  SIP_MORE_BYTES: 33,
  SIP_MORE_VALUES: 34,
  SIP_EXPECTED_EOL: 35,
  SIP_BAD_CHARACTER: 36,
  SIP_BAD_PARAMETER: 37,
  SIP_BAD_HEADER: 38,
  SIP_NOT_A_NUMBER: 39,
  SIP_TOO_LONG: 40,
  SIP_BAD_VALUE: 41,
  SIP_NUMBER_TOO_BIG: 42,
  SIP_INCOMPLETE: 43,
  SIP_NO_CONTENT_LENGTH: 44,
  SIP_HEADER_LIMIT: 45,
  // Tracker
  TRACK_NO_CALL_ID: 50,
  TRACK_NO_FROM: 51,
  TRACK_NO_TO: 52,
  TRACK_NO_CSEQ: 53,
  TRACK_KEY_TOO_LONG: 54,
  TRACK_CALL_LIMIT: 55,
  TRACK_FORK_LIMIT: 56,
  TRACK_MEMORY_LIMIT: 57,
  // Capture file
  PCAP_BAD_MAGIC: 60,
  PCAP_BAD_VERSION: 61,
  PCAP_BAD_LENGTH: 62,
  PCAP_TRUNCATED: 63,
  PCAP_BAD_INTERFACE: 64,
  PCAP_INTERFACE_LIMIT: 65,
  // IPFIX message and its sets
  IPFIX_BAD_VERSION: 80,
  IPFIX_BAD_LENGTH: 81,
  IPFIX_TOO_BIG: 82,
  IPFIX_STREAM_CUT: 83,
  IPFIX_STREAM_DEADLINE: 84,
  IPFIX_BAD_SET: 85,
  IPFIX_SHORT_SET: 86,
  IPFIX_BAD_TEXT: 87,
  IPFIX_BAD_PACKET: 88,
  // Reports besides SIP
  REPORT_BAD_RTCP: 100,
  REPORT_BAD_JSON: 101,
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

const infos: (FaultInfo | undefined)[] = [];
function define(fault: Fault, text: string, parseError?: number): void {
  const code = Object.entries(Fault).find(([, number]) => number === fault)?.[0] ?? 'NONE';
  infos[fault] = parseError === undefined ? { code, text } : { code, text, parseError };
}

define(Fault.NONE, 'nothing is wrong');
define(Fault.HEP_SHORT, 'fewer octets than the smallest HEP header of that version');
define(Fault.HEP_BAD_LENGTH, 'the total length in a HEP3 header is below 6');
define(Fault.HEP_TRUNCATED, 'a HEP3 header declares more octets than arrived');
define(Fault.HEP_BAD_CHUNK, 'a HEP3 chunk is shorter than its header or ends behind its packet');
define(Fault.HEP_CHUNK_LIMIT, 'more HEP3 chunks than hep_max_chunks');
define(Fault.HEP_NO_ADDRESS, 'no usable pair of addresses in the HEP packet');
define(Fault.HEP_NO_PAYLOAD, 'no payload and nothing else worth keeping in the HEP packet');
define(Fault.HEP_BAD_FAMILY, 'unknown address family in a HEP1 or HEP2 header');
define(Fault.HEP_NOT_HEP, 'plain SIP text where HEP is expected: the sender duplicates without HEP');
define(Fault.HEP_MALFORMED, 'the first octets are no known HEP version');
define(Fault.HEP_INFLATE, 'compressed data that does not inflate');
define(Fault.HEP_INFLATE_LIMIT, 'compressed data inflates beyond hep_max_inflated or the ratio limit');
define(Fault.HEP_TOO_BIG, 'a HEP message is larger than hep_max_message');
define(
  Fault.HEP_BAD_MAGIC,
  'no HEP3 header where a message must begin in a stream: out of step, or it is not HEP3 at all but plain SIP, TLS, HEP 1 or 2',
);
define(Fault.HEP_STREAM_CUT, 'a HEP connection ended in the middle of a message');
define(Fault.HEP_STREAM_DEADLINE, 'a HEP connection kept a message incomplete for longer than hep_message_timeout');
define(Fault.NOT_ALLOWED, 'the sender is not in hep_allow');
define(Fault.AUTH_MISSING, 'no authentication key where one is required');
define(Fault.AUTH_WRONG, 'an authentication key that is none of hep_auth_key');
define(Fault.SIP_END_OF_HEADER, 'a header ends before its value is complete', 1);
define(Fault.SIP_EMPTY_HEADER, 'a header that needs a value is empty', 2);
define(Fault.SIP_MORE_BYTES, 'the message ends inside its start line or header section', 3);
define(Fault.SIP_MORE_VALUES, 'several values where one is allowed', 4);
define(Fault.SIP_EXPECTED_EOL, 'the end of a line was expected', 5);
define(Fault.SIP_BAD_CHARACTER, 'a character that is not allowed at this place', 6);
define(Fault.SIP_BAD_PARAMETER, 'a malformed parameter', 7);
define(Fault.SIP_BAD_HEADER, 'a line that is no header field', 8);
define(Fault.SIP_NOT_A_NUMBER, 'digits were expected', 9);
define(Fault.SIP_TOO_LONG, 'a value is longer than allowed', 10);
define(Fault.SIP_BAD_VALUE, 'a value that is not allowed at this place', 11);
define(Fault.SIP_NUMBER_TOO_BIG, 'a number is larger than allowed', 12);
define(Fault.SIP_INCOMPLETE, 'incomplete or truncated data', 13);
define(Fault.SIP_NO_CONTENT_LENGTH, 'no Content-Length on a stream transport', 14);
define(Fault.SIP_HEADER_LIMIT, 'more header fields than sip_max_headers', 10);
define(Fault.TRACK_NO_CALL_ID, 'no Call-ID in the SIP message');
define(Fault.TRACK_NO_FROM, 'no From in the SIP message');
define(Fault.TRACK_NO_TO, 'no To in the SIP message');
define(Fault.TRACK_NO_CSEQ, 'no CSeq in the SIP message');
define(Fault.TRACK_KEY_TOO_LONG, 'Call-ID and tags together are longer than the tracker keeps');
define(Fault.TRACK_CALL_LIMIT, 'calls_max_entries is reached');
define(Fault.TRACK_FORK_LIMIT, 'more dialogs under one Call-ID than calls_max_forks');
define(Fault.TRACK_MEMORY_LIMIT, 'calls_max_mem is reached');
define(Fault.PCAP_BAD_MAGIC, 'the first octets are no pcap or pcapng file header');
define(Fault.PCAP_BAD_VERSION, 'a pcap file of another version than 2.4, or a pcapng file of another than 1');
define(
  Fault.PCAP_BAD_LENGTH,
  'a length in a capture file that cannot be: more octets than any capture program writes, or too few',
);
define(Fault.PCAP_TRUNCATED, 'a pcap file ends in the middle of a record or of its header');
define(Fault.PCAP_BAD_INTERFACE, 'a pcapng packet names an interface that is not described');
define(Fault.PCAP_INTERFACE_LIMIT, 'more than 4096 interfaces in a section of a pcapng file');
define(
  Fault.IPFIX_BAD_VERSION,
  'no IPFIX version 10 where a message must begin in a stream: out of step, or it is not IPFIX at all but TLS or HEP',
);
define(Fault.IPFIX_BAD_LENGTH, 'an IPFIX message is shorter than its header');
define(Fault.IPFIX_TOO_BIG, 'an IPFIX message is larger than ipfix_max_message');
define(Fault.IPFIX_STREAM_CUT, 'an IPFIX connection ended in the middle of a message');
define(
  Fault.IPFIX_STREAM_DEADLINE,
  'an IPFIX connection kept a message incomplete for longer than ipfix_message_timeout',
);
define(Fault.IPFIX_BAD_SET, 'an IPFIX set is shorter than its header or ends behind its message');
define(Fault.IPFIX_SHORT_SET, 'an IPFIX set is shorter than the fields of its record');
define(Fault.IPFIX_BAD_TEXT, 'a Call-ID or host name in an IPFIX record has the reserved length 255');
define(Fault.IPFIX_BAD_PACKET, 'the IP or UDP header of the packet in an IPFIX record is malformed');
define(Fault.REPORT_BAD_RTCP, 'an RTCP packet whose length or number of blocks is more than there is');
define(Fault.REPORT_BAD_JSON, 'RTCP or a media report that is neither binary RTCP nor JSON');

/** All faults in the order of their numbers, without `NONE`. */
export const FAULTS: readonly (FaultInfo & { readonly fault: Fault })[] = Object.values(Fault)
  .filter((fault) => fault !== Fault.NONE)
  .map((fault) => ({ fault, ...faultInfo(fault) }));

/** Code and text of a fault. Unknown numbers are a programming error and answer with the number itself. */
export function faultInfo(fault: number): FaultInfo {
  return infos[fault] ?? { code: `FAULT_${fault}`, text: 'unknown fault' };
}
