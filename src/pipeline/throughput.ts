/** Packets and octets a second. */
export interface Rate {
  packetsPerSecond: number;
  bytesPerSecond: number;
}

const MARK_US = 5_000_000;
/** A rate over less would be a leap. */
const LEAST_US = 1_000_000;

/**
 * How fast two counters grow: their values at two marks, put down five seconds apart. So a rate is that of the last five
 * to ten seconds, costs nothing for a packet, and is 0 ten seconds after the last one.
 */
export class Throughput {
  #olderUs: number;
  #olderPackets = 0;
  #olderBytes = 0;
  #newerUs: number;
  #newerPackets = 0;
  #newerBytes = 0;

  constructor(nowUs: number) {
    this.#olderUs = nowUs;
    this.#newerUs = nowUs;
  }

  /** Puts a mark down where one is due; to be called about once a second. */
  mark(packets: number, bytes: number, nowUs: number): void {
    if (nowUs - this.#newerUs < MARK_US) return;
    this.#olderUs = this.#newerUs;
    this.#olderPackets = this.#newerPackets;
    this.#olderBytes = this.#newerBytes;
    this.#newerUs = nowUs;
    this.#newerPackets = packets;
    this.#newerBytes = bytes;
  }

  rate(packets: number, bytes: number, nowUs: number): Rate {
    const seconds = Math.max(LEAST_US, nowUs - this.#olderUs) / 1e6;
    return {
      packetsPerSecond: (packets - this.#olderPackets) / seconds,
      bytesPerSecond: (bytes - this.#olderBytes) / seconds,
    };
  }
}
