/** Quality of one leg's media as an SBC measured it, in its units; R-value and MOS are multiplied by 100. */
export interface LegQuality {
  rtpBytes: number;
  rtpPackets: number;
  rtpLost: number;
  rtpAverageJitter: number;
  rtpMaxJitter: number;
  rtcpBytes: number;
  rtcpPackets: number;
  rtcpLost: number;
  rtcpAverageJitter: number;
  rtcpMaxJitter: number;
  rtcpAverageLatency: number;
  rtcpMaxLatency: number;
  rFactor: number;
  mos: number;
}

/** IPv4 addresses as words (see endpoint.ts). */
export interface MediaFlow {
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
}

export interface QosLeg extends LegQuality {
  /** As captured, one character per octet. */
  callId: string;
  realm: string;
  caller: MediaFlow;
  callee: MediaFlow;
}

/** One quality record: the two legs of a call through an SBC. */
export interface QosRecord {
  incoming: QosLeg;
  outgoing: QosLeg;
  /** RTP payload type. */
  payloadType: number;
  caller: { slot: number; port: number; vlan: number };
  callee: { slot: number; port: number; vlan: number };
  beginUs: number;
  endUs: number;
}
