/** A map with room for so many entries: a new one takes the place of the one not written for the longest time. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #most: number;
  readonly #onLost: () => void;

  /** @param onLost called for each entry that gave way */
  constructor(most: number, onLost: () => void = () => undefined) {
    this.#most = most;
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    // A map remembers the order of insertion, so what is written again goes to the end.
    this.#entries.delete(key);
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
      this.#onLost();
    }
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
