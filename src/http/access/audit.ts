import type { Log } from '../../model/log.ts';
import type { Clock } from '../../model/ports.ts';

export type AuditAction = 'login' | 'login-failed' | 'logout' | 'change' | 'export';

/** Something somebody did that others may want to know of. */
export interface AuditEntry {
  /** Ever growing. */
  index: number;
  atUs: number;
  action: AuditAction;
  user: string;
  /** How we know that it was them. */
  via: string;
  address: string;
  /** Page, with its query. */
  target: string;
  /** Parameters of a change. */
  parameters: string;
}

/** Longest text of a client that is kept of one entry. */
const MAX_TEXT = 500;

/** Who changed or exported what: the newest entries for a page, and every one as a line of the log. */
export class AuditTrail {
  readonly #entries: AuditEntry[] = [];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #most: number;
  #next = 0;

  constructor(clock: Clock, log: Log, most: number) {
    this.#clock = clock;
    this.#log = log;
    this.#most = most;
  }

  add(entry: Omit<AuditEntry, 'index' | 'atUs'>): void {
    const kept = {
      ...entry,
      user: cut(entry.user),
      target: cut(entry.target),
      parameters: cut(entry.parameters),
      index: this.#next,
      atUs: this.#clock(),
    };
    this.#entries[this.#next % this.#most] = kept;
    this.#next++;
    const { index: _index, atUs: _atUs, ...fields } = kept;
    this.#log.info({ audit: fields }, `audit: ${entry.action}`);
  }

  get held(): number {
    return Math.min(this.#next, this.#most);
  }

  get oldestUs(): number | null {
    return this.#entries[(this.#next - this.held) % this.#most]?.atUs ?? null;
  }

  /** Newest first. */
  list(offset: number, limit: number): { total: number; items: AuditEntry[] } {
    const { held } = this;
    const items: AuditEntry[] = [];
    for (let at = offset; at < held && items.length < limit; at++) {
      const entry = this.#entries[(this.#next - 1 - at) % this.#most];
      if (entry !== undefined) items.push(entry);
    }
    return { total: held, items };
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
