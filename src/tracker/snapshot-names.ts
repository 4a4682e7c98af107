import type { Observer } from '../model/observer.ts';

/** Most texts told apart at a time. */
const MAX_TEXTS = 4096;

/**
 * Gives entries that are read back one string for texts they have in common (user agents, reasons) and one observer for
 * equal names, as they had before.
 * Observers come back as mere names; the tracker puts an agent that reports again in the place of its name.
 */
export class SnapshotNames {
  readonly #texts = new Map<string, string>();
  readonly #observers = new Map<string, Observer>();

  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  observer(id: string): Observer {
    const known = this.#observers.get(id);
    if (known !== undefined) return known;
    const observer = { id };
    this.#observers.set(id, observer);
    return observer;
  }
}
