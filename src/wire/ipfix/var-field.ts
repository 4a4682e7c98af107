import { uint16 } from './format.ts';

const LONG_FORM = 0xff;

/** A variable-length field of RFC 7011 §7: one octet of length, or 255 and two more. Filled again and again. */
export class VarField {
  /** Value: `bytes[start..end)`. */
  start = 0;
  end = 0;

  /** Reads the field at `at`; false when it ends behind `limit`. */
  read(bytes: Uint8Array, at: number, limit: number): boolean {
    if (at >= limit) return false;
    let length = bytes[at]!; // before the limit
    let start = at + 1;
    if (length === LONG_FORM) {
      if (start + 2 > limit) return false;
      length = uint16(bytes, start);
      start += 2;
    }
    this.start = start;
    this.end = start + length;
    return this.end <= limit;
  }
}
