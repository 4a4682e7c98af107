import { IGNORED_REASONS, type IgnoredReason } from '../model/counters.ts';
import { type Fault, faultInfo, FAULTS } from '../model/fault.ts';
import type { Observer } from '../model/observer.ts';
import { type Rate, Throughput } from './throughput.ts';

const FAULT_COUNT = FAULTS.reduce((most, info) => Math.max(most, info.fault), 0) + 1;
const HEX_OCTETS = 32;

/** The books of one sender: everything received from it once, and once more under what became of it. */
export class Account implements Observer {
  readonly id: string;
  readonly ip: string;
  /** Number under which other shards know it, 0 = they do not yet. */
  serial = 0;
  /** It sends over a connection, so it can be made to wait. */
  readonly canWait: boolean;
  lastSeenUs: number;
  /** Everything received: tracked + refused + ignored + dropped, once what was handed over is added up. */
  packets = 0;
  bytes = 0;
  readonly #throughput: Throughput;
  tracked = 0;
  /** SIP messages parsed, and messages ignored. */
  sip = 0;
  other = 0;
  /** Messages whose call another shard holds: their outcome is in its books. And those that found no room on the way. */
  handedOver = 0;
  dropped = 0;
  readonly refused = new Float64Array(FAULT_COUNT);
  readonly ignored = new Float64Array(IGNORED_REASONS.length);
  /** Sender time minus arrival time of the last packet that had one; NaN = none yet. */
  clockOffsetUs = Number.NaN;
  /** Its clock is too far off to be tracked by. */
  isSkewed = false;
  lastFault: Fault = 0;
  lastFaultUs = 0;
  lastFaultHex = '';
  /** For the log: when a fault was last written, and how many were held back since. */
  faultLoggedUs = Number.NEGATIVE_INFINITY;
  faultsHeldBack = 0;

  constructor(id: string, ip: string, nowUs: number, canWait = false) {
    this.id = id;
    this.canWait = canWait;
    this.ip = ip;
    this.lastSeenUs = nowUs;
    this.#throughput = new Throughput(nowUs);
  }

  /** Lets the rate go on; to be called about once a second. */
  mark(nowUs: number): void {
    this.#throughput.mark(this.packets, this.bytes, nowUs);
  }

  rate(nowUs: number): Rate {
    return this.#throughput.rate(this.packets, this.bytes, nowUs);
  }

  /** Notes something received, of so many octets. */
  receive(octets: number, nowUs: number): void {
    this.packets++;
    this.bytes += octets;
    this.lastSeenUs = nowUs;
  }

  /** Notes a refused packet with the first octets of what was received. */
  fault(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.refused[fault]! += 1; // one column per fault
    this.lastFault = fault;
    this.lastFaultUs = nowUs;
    this.lastFaultHex = bytes.toString('hex', start, Math.min(end, start + HEX_OCTETS));
  }

  ignore(reason: IgnoredReason): void {
    this.ignored[IGNORED_REASONS.indexOf(reason)]! += 1; // one column per reason
    this.other++;
  }

  get refusedByCode(): Record<string, number> {
    return nonZero(this.refused, (fault) => faultInfo(fault).code);
  }

  get ignoredByReason(): Record<string, number> {
    return nonZero(this.ignored, (reason) => IGNORED_REASONS[reason] ?? 'other');
  }

  get clockOffsetMs(): number | null {
    return Number.isNaN(this.clockOffsetUs) ? null : Math.round(this.clockOffsetUs / 1000);
  }

  get lastFaultView(): { code: string; atUs: number; hex: string } | null {
    if (this.lastFault === 0) return null;
    return { code: faultInfo(this.lastFault).code, atUs: this.lastFaultUs, hex: this.lastFaultHex };
  }
}

function nonZero(column: Float64Array, name: (index: number) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [index, count] of column.entries()) if (count > 0) counts[name(index)] = count;
  return counts;
}
