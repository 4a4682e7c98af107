import { formatIp, IPV4_MAPPED } from '../model/endpoint.ts';
import { displayText } from '../model/text.ts';
import type { EnvelopeFieldView } from '../model/views.ts';

/** A value in words. */
export type Show = (value: Buffer) => string;

export const decimal: Show = (value) => (value.length <= 6 ? String(unsigned(value)) : hex(value));
export const hex: Show = (value) => value.toString('hex');
export const text: Show = (value) => displayText(value.toString('latin1'));
export const address: Show = (value) => {
  const words = [0, 4, 8, 12].map((at) => (at < value.length ? value.readInt32BE(at) : 0));
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return value.length === 16 ? formatIp(6, w0, w1, w2, w3) : formatIp(4, 0, 0, IPV4_MAPPED, w0);
};

/** A number and what it stands for. */
export function named(names: ReadonlyMap<number, string>, show: Show = decimal): Show {
  return (value) => {
    const name = names.get(unsigned(value));
    return name === undefined ? show(value) : `${show(value)} (${name})`;
  };
}

export function unsigned(value: Buffer): number {
  return value.length === 0 ? 0 : value.readUIntBE(0, Math.min(value.length, 6));
}

/** Fields that stand one after the other in some octets, told as far as these go. */
export class FieldList {
  readonly fields: EnvelopeFieldView[] = [];
  /** True when a field ended behind the octets: neither it nor any after it is told. */
  isCut = false;
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  /** Tells the next `length` octets, and answers them. */
  take(name: string, length: number, show: Show = decimal): Buffer {
    const end = this.#at + length;
    this.isCut ||= end > this.#octets.length;
    if (this.isCut) return Buffer.alloc(0);
    const value = this.#octets.subarray(this.#at, end);
    this.#at = end;
    this.fields.push({ vendor: null, type: null, name, length, value: show(value) });
    return value;
  }

  /** The next octet, which is not told of. */
  peek(): number {
    return this.#octets[this.#at] ?? 0;
  }
}
