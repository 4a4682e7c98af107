/**
 * Transports a SIP message can be seen on, as small integers so that the hot path compares numbers.
 * The numbers are ours; `fromIpProtocol` maps what HEP carries in chunk 0x0002.
 */
export const Transport = {
  UNKNOWN: 0,
  UDP: 1,
  TCP: 2,
  TLS: 3,
  SCTP: 4,
  WS: 5,
  WSS: 6,
  DTLS: 7,
} as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

const NAMES = ['unknown', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss', 'dtls'] as const;
export type TransportName = (typeof NAMES)[number];

/** The lower-case name used on pages and in JSON. */
export function transportName(transport: number): TransportName {
  return NAMES[transport] ?? 'unknown';
}

/** The transport of a lower-case name, or `undefined`. */
export function transportByName(name: string): Transport | undefined {
  const index = NAMES.findIndex((known) => known === name);
  // The names are in the order of the numbers.
  return index < 0 ? undefined : (index as Transport);
}

/**
 * Transport for an IP protocol number as HEP senders use it: besides the IANA meanings,
 * 22 (XNS-IDP) says TLS (Kamailio, OpenSIPS, FreeSWITCH; Kamailio also for WS and WSS) and
 * 50 (ESP) says WS or WSS (OpenSIPS).
 */
export function transportFromIpProtocol(ipProtocol: number): Transport {
  switch (ipProtocol) {
    case 17:
      return Transport.UDP;
    case 6:
      return Transport.TCP;
    case 132:
      return Transport.SCTP;
    case 22:
      return Transport.TLS;
    case 50:
      return Transport.WS;
    default:
      return Transport.UNKNOWN;
  }
}

/**
 * Corrects the envelope's transport by the topmost Via, which names the transport of this very hop
 * (RFC 3261 §18.1.1). Senders report TLS, WS and WSS under the number of what carries them, so only a
 * reliable transport is refined, and never to one that could not be under that number.
 */
export function refineTransport(envelope: Transport, via: Transport): Transport {
  if (via === Transport.UNKNOWN || via === envelope) return envelope;
  switch (envelope) {
    case Transport.TCP:
    case Transport.UNKNOWN:
      return via === Transport.UDP ? envelope : via;
    case Transport.TLS:
      return via === Transport.WS || via === Transport.WSS ? via : envelope;
    case Transport.WS:
      return via === Transport.WSS ? via : envelope;
    default:
      return envelope;
  }
}
