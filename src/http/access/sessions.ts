import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../model/ports.ts';
import { BoundedMap } from './bounded-map.ts';

export interface Session {
  readonly user: string;
  readonly expiresUs: number;
}

const MOST_SESSIONS = 1024;
const ID_BYTES = 32;

/**
 * Who has logged in, by what their cookie holds. Only a digest of that is kept, so that neither a dump of the heap nor
 * the time a look-up takes gives a session away. They end with the process.
 */
export class Sessions {
  readonly #sessions: BoundedMap<Session>;
  readonly #clock: Clock;
  readonly #lastsUs: number;

  /** @param onLost called when the oldest session ends early for a new one */
  constructor(clock: Clock, lastsUs: number, onLost: () => void) {
    this.#sessions = new BoundedMap(MOST_SESSIONS, onLost);
    this.#clock = clock;
    this.#lastsUs = lastsUs;
  }

  /** @returns the secret for the cookie */
  begin(user: string): { id: string; session: Session } {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const session = { user, expiresUs: this.#clock() + this.#lastsUs };
    this.#sessions.set(keyOf(id), session);
    return { id, session };
  }

  find(id: string): Session | undefined {
    const session = this.#sessions.get(keyOf(id));
    if (session === undefined || session.expiresUs > this.#clock()) return session;
    this.end(id);
    return undefined;
  }

  end(id: string): void {
    this.#sessions.delete(keyOf(id));
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
