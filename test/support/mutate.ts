import * as fc from 'fast-check';

/**
 * Damage to valid octets. Pure random octets hardly ever get past a length check, so properties about hostile input
 * start from something valid and break it. Positions are taken modulo the length: every mutation fits every input.
 */
export type Mutation =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'set'; at: number; value: number }
  | { kind: 'lie'; at: number; value: number }
  | { kind: 'cut'; at: number }
  | { kind: 'drop'; at: number; length: number }
  | { kind: 'repeat'; at: number; length: number }
  | { kind: 'splice'; at: number; octets: Uint8Array }
  | { kind: 'swap'; at: number; with: number };

/** A damaged copy: all mutations one after the other. `valid` is left as it is. */
export function mutate(valid: Uint8Array, ...mutations: Mutation[]): Buffer {
  return mutations.reduce<Buffer>((bytes, mutation) => apply(bytes, mutation), Buffer.from(valid));
}

function apply(bytes: Buffer, mutation: Mutation): Buffer {
  if (bytes.length === 0) return mutation.kind === 'splice' ? Buffer.from(mutation.octets) : bytes;
  const at = mutation.at % bytes.length;
  switch (mutation.kind) {
    case 'flip':
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (mutation.bit & 7)), at);
      return bytes;
    case 'set':
      bytes.writeUInt8(mutation.value & 0xff, at);
      return bytes;
    case 'lie': // a wrong 16-bit length, count or type
      if (at + 2 <= bytes.length) bytes.writeUInt16BE(mutation.value & 0xffff, at);
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'drop':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + mutation.length)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + mutation.length), bytes.subarray(at)]);
    case 'splice':
      return Buffer.concat([bytes.subarray(0, at), mutation.octets, bytes.subarray(at)]);
    default:
      return swap(bytes, at, mutation.with % bytes.length);
  }
}

function swap(bytes: Buffer, at: number, other: number): Buffer {
  const kept = bytes.readUInt8(at);
  bytes.writeUInt8(bytes.readUInt8(other), at);
  bytes.writeUInt8(kept, other);
  return bytes;
}

const position = fc.nat({ max: 0xffff });
/** Values at which length checks tend to be wrong, and any other. */
const lie = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7fff, 0x8000, 0xfffe, 0xffff), position);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('set' as const), at: position, value: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant('lie' as const), at: position, value: lie }),
  fc.record({ kind: fc.constant('cut' as const), at: position }),
  fc.record({ kind: fc.constant('drop' as const), at: position, length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: position, length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('splice' as const), at: position, octets: fc.uint8Array({ maxLength: 24 }) }),
  fc.record({ kind: fc.constant('swap' as const), at: position, with: position }),
);

/** Damaged copies of what `valid` generates: one to `most` mutations each. */
export function mutated(valid: fc.Arbitrary<Uint8Array>, most = 4): fc.Arbitrary<Buffer> {
  return fc
    .tuple(valid, fc.array(mutation, { minLength: 1, maxLength: most }))
    .map(([bytes, mutations]) => mutate(bytes, ...mutations));
}
