import type { ServerResponse } from 'node:http';
import { EventRing, Ingest } from '../model/counters.ts';
import type { CounterColumns } from './deps.ts';
import { get } from './why.ts';

const TICK_MS = 1000;
/** Nothing new: a comment now and then keeps the connection from being taken for dead on the way. */
const QUIET_TICKS = 10;
/** Every open page is one; browsers open six connections to a server at most. */
export const MAX_LIVE_CLIENTS = 64;
/** A client that does not read is given up. */
const MAX_UNREAD_BYTES = 64 * 1024;

/**
 * Tells open pages once a second what has been counted, as Server-Sent Events; what is new they ask for themselves.
 * Ticks only while somebody listens.
 */
export class LiveFeed {
  readonly #counters: () => CounterColumns;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #lastSaid = '';
  #quietTicks = 0;

  constructor(counters: () => CounterColumns) {
    this.#counters = counters;
  }

  get isFull(): boolean {
    return this.#clients.size >= MAX_LIVE_CLIENTS;
  }

  /** Takes over an answer that has its headers. */
  add(client: ServerResponse): void {
    this.#clients.add(client);
    client.on('close', () => this.#remove(client));
    client.write(this.#now());
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  close(): void {
    for (const client of this.#clients) client.end();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#now();
    const isNew = now !== this.#lastSaid;
    this.#lastSaid = now;
    this.#quietTicks = isNew ? 0 : this.#quietTicks + 1;
    if (!isNew && this.#quietTicks % QUIET_TICKS !== 0) return;
    for (const client of this.#clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(isNew ? now : ':\n\n');
    }
  }

  #now(): string {
    const counters = this.#counters();
    const counts = {
      events: get(counters, EventRing.QUEUED),
      received: get(counters, Ingest.RECEIVED),
    };
    return `event: now\ndata: ${JSON.stringify(counts)}\n\n`;
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
