import { Note, type Packet } from '../../model/packet.ts';
import { DEFAULT_SKEW_WINDOW_US, type HepDecodeLimits } from './limits.ts';

/** Seconds from 1900 to 1970: FreeSWITCH on Windows counts from 1900 (freeswitch#2255). */
const SECONDS_1900_TO_1970 = 2_208_988_800;

/**
 * Sets `capturedAtUs` from the raw words in `packet`, repairing the defects senders are known for.
 *
 * As it is, then octets reversed (rtpengine 13.4; HEP2 of big-endian machines), then counted from 1900: the first
 * form within the skew window around arrival is taken. When none is (an old capture replayed), the value stands.
 *
 * @returns the `Note` bits of what was done
 */
export function settleTime(packet: Packet, limits: HepDecodeLimits): number {
  const { rawSeconds, rawMicroseconds, arrivedAtUs } = packet;
  const window = limits.skewWindowUs ?? DEFAULT_SKEW_WINDOW_US;
  const asIs = rawSeconds * 1e6 + rawMicroseconds;
  if (asIs === 0) {
    packet.capturedAtUs = 0;
    return Note.TIME_ABSENT;
  }
  if (Math.abs(asIs - arrivedAtUs) > window) {
    const microseconds = swap32(rawMicroseconds);
    const swapped = swap32(rawSeconds) * 1e6 + microseconds;
    if (Math.abs(swapped - arrivedAtUs) <= window) {
      packet.capturedAtUs = swapped;
      return Note.TIME_SWAPPED | bigMicroseconds(microseconds);
    }
    const since1970 = asIs - SECONDS_1900_TO_1970 * 1e6;
    if (Math.abs(since1970 - arrivedAtUs) <= window) {
      packet.capturedAtUs = since1970;
      return Note.TIME_SINCE_1900 | bigMicroseconds(rawMicroseconds);
    }
  }
  packet.capturedAtUs = asIs;
  return bigMicroseconds(rawMicroseconds);
}

function bigMicroseconds(microseconds: number): number {
  return microseconds >= 1e6 ? Note.TIME_BIG_USEC : 0;
}

function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
