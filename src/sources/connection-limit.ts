/** The limits of open connections, by the names a listener has for their options. */
export type ConnectionLimitName = 'maxConnections' | 'maxConnectionsPerAddress';

/** Counts open connections in all and per address. One instance is shared by the listeners the limits hold for. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #open = 0;

  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
  }

  /** Takes a place for a connection from `ip`. @returns the limit that leaves none */
  take(ip: string): ConnectionLimitName | undefined {
    const fromAddress = this.#perAddress.get(ip) ?? 0;
    if (this.#open >= this.#max) return 'maxConnections';
    if (fromAddress >= this.#maxPerAddress) return 'maxConnectionsPerAddress';
    this.#open++;
    this.#perAddress.set(ip, fromAddress + 1);
    return undefined;
  }

  /** Gives back a place that was taken. */
  release(ip: string): void {
    const fromAddress = this.#perAddress.get(ip) ?? 0;
    if (fromAddress === 0) return;
    this.#open--;
    if (fromAddress === 1) this.#perAddress.delete(ip);
    else this.#perAddress.set(ip, fromAddress - 1);
  }
}
