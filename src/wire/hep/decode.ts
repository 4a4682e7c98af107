import { IPV4_MAPPED } from '../../model/endpoint.ts';
import { Fault } from '../../model/fault.ts';
import { clearPacket, type Packet } from '../../model/packet.ts';
import { startsWithHep3 } from './format.ts';
import { decodeHep12 } from './hep12.ts';
import { decodeHep3 } from './hep3.ts';
import type { HepDecodeLimits } from './limits.ts';
import { looksLikeSip } from './sip-start.ts';

export { startsWithHep3 } from './format.ts';
export { inflateDatagram } from './inflate.ts';
export type { HepDecodeLimits } from './limits.ts';

/**
 * Decodes the HEP packet, version 1, 2 or 3, that begins at `start`; octets outside `[start, end)` are never looked at.
 *
 * `packet` is filled anew, also after a fault, and points into `bytes` (or into an inflated copy, see
 * `Packet.inflated`). A datagram may hold several HEP3 packets: while there was no fault and `startsWithHep3` holds
 * at `start + packet.length`, call again there. A datagram compressed as a whole goes through `inflateDatagram` first.
 *
 * @returns `NONE`, or why nothing is to be had: `HEP_SHORT`, `HEP_BAD_LENGTH`, `HEP_TRUNCATED`, `HEP_BAD_CHUNK`,
 *   `HEP_CHUNK_LIMIT`, `HEP_NO_ADDRESS`, `HEP_NO_PAYLOAD`, `HEP_BAD_FAMILY`, `HEP_NOT_HEP`, `HEP_MALFORMED`,
 *   `HEP_INFLATE`, `HEP_INFLATE_LIMIT`, `HEP_TOO_BIG`; then `packet.faultAt` says where, relative to `start`
 */
export function decodeHep(
  bytes: Buffer,
  start: number,
  end: number,
  packet: Packet,
  limits: HepDecodeLimits,
  nowUs: number,
): Fault {
  clearPacket(packet, bytes, nowUs);
  packet.length = end - start;
  let fault: Fault;
  if (startsWithHep3(bytes, start, end)) {
    fault = decodeHep3(bytes, start, end, packet, limits);
  } else if (start < end && (bytes[start] === 1 || bytes[start] === 2)) {
    fault = decodeHep12(bytes, start, end, packet, limits);
  } else {
    return noHep(bytes, start, end, packet);
  }
  // Mapped addresses are IPv4, whichever chunks or family octet they came with.
  const isV4 =
    (packet.src0 | packet.src1 | packet.dst0 | packet.dst1) === 0 &&
    packet.src2 === IPV4_MAPPED &&
    packet.dst2 === IPV4_MAPPED;
  packet.family = isV4 ? 4 : 6;
  return fault;
}

/** Tells apart what is not HEP: too little to say, SIP text sent to the wrong port, anything else. */
function noHep(bytes: Buffer, start: number, end: number, packet: Packet): Fault {
  if (end - start < 4 && 'HEP3'.startsWith(bytes.toString('latin1', start, end))) {
    packet.faultAt = end - start;
    return Fault.HEP_SHORT;
  }
  return looksLikeSip(bytes, start, end) ? Fault.HEP_NOT_HEP : Fault.HEP_MALFORMED;
}
