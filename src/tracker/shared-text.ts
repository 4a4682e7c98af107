import { hashBytes } from '../model/hash.ts';
import type { SipMessage } from '../sip/message.ts';
import { sameText } from './match.ts';

/**
 * Text that many calls have in common (user agents, reason phrases) as one string for all of them.
 *
 * A table of 1024 places, one text each; a text that falls on a taken place takes it over. So it cannot grow, and what
 * strangers send costs at most what it cost without the table.
 */
const PLACES = 1024;

export class SharedText {
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The text of `[start, end)`: the string kept from an earlier message when it is the same. */
  take(message: SipMessage, start: number, end: number): string {
    if (start === end) return '';
    const place = hashBytes(message.bytes, start, end, this.#seed) & (PLACES - 1);
    const known = this.#texts[place]!; // inside the table
    if (sameText(message.bytes, start, end, known)) return known;
    const text = message.text(start, end);
    this.#texts[place] = text;
    return text;
  }
}
