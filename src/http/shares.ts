import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, inflate, inflateSync } from 'node:zlib';
import type { CaptureFormatName } from '../model/capture.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/ports.ts';
import type { ShareSettings } from '../model/settings.ts';
import type { CallMessages, EventView } from '../model/views.ts';
import { HttpProblem } from './problem.ts';

/** A call that is kept under a short link, however little of it is held elsewhere by then. */
export interface Share {
  id: string;
  callId: string;
  /** Who wanted it kept. */
  by: string;
  createdUs: number;
  expiresUs: number;
  messages: number;
  /** Octets it takes here. */
  bytes: number;
}

/** What its pages are made of, as it was when it was shared. */
export interface SharedCall {
  call: CallMessages;
  events: EventView[];
  /** Capture files, in base64. */
  captures: Record<CaptureFormatName, string>;
}

interface Kept {
  share: Share;
  packed: Buffer;
}

/** What is packed: a share without its size, which is that of the packing. */
type Packed = { share: Omit<Share, 'bytes'>; content: SharedCall };

const ID_OCTETS = 9;
const ID = /^[\w-]{12}$/;
/** What a packed call may unpack to: more than a call can be shared of. */
const MAX_UNPACKED = 256 << 20;

const pack = promisify(deflate);
const unpack = promisify(inflate);

/**
 * Shared calls, packed: bounded in number and octets, each until its time is up, and nothing gives way before. With a
 * directory each is a file there as well, and is there again after a restart.
 */
export class Shares {
  readonly #settings: ShareSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kept = new Map<string, Kept>();

  constructor(settings: ShareSettings, clock: Clock, log: Log) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    if (settings.most > 0 && settings.directory !== '') this.#readAll();
  }

  get isOn(): boolean {
    return this.#settings.most > 0;
  }

  async add(by: string, content: SharedCall): Promise<Share> {
    const { most, mostBytes, ageUs, directory } = this.#settings;
    if (!this.isOn) throw new HttpProblem(409, 'Calls are not shared here: share_max is 0');
    const createdUs = this.#clock();
    const share = {
      id: randomBytes(ID_OCTETS).toString('base64url'),
      callId: content.call.callId,
      by,
      createdUs,
      expiresUs: createdUs + ageUs,
      messages: content.call.items.length,
    };
    const packed = await pack(JSON.stringify({ share, content } satisfies Packed));
    this.#forgetOld();
    if (this.#kept.size >= most) {
      throw new HttpProblem(409, `${most} calls are shared, which is share_max: remove one at /shares first`);
    }
    if (this.#bytes + packed.length > mostBytes) {
      throw new HttpProblem(
        409,
        `There is no room for ${packed.length} octets more (share_max_mem): remove one at /shares`,
      );
    }
    const kept = { share: { ...share, bytes: packed.length }, packed };
    this.#kept.set(share.id, kept);
    if (directory !== '') await this.#write(share.id, packed);
    return kept.share;
  }

  find(id: string): Share | undefined {
    this.#forgetOld();
    return this.#kept.get(id)?.share;
  }

  async content(id: string): Promise<SharedCall | undefined> {
    const kept = this.#kept.get(id);
    return kept === undefined
      ? undefined
      : readPacked(await unpack(kept.packed, { maxOutputLength: MAX_UNPACKED })).content;
  }

  /** Newest first. */
  list(offset: number, limit: number): { total: number; items: Share[] } {
    this.#forgetOld();
    const shares = [...this.#kept.values()].map(({ share }) => share).toSorted((a, b) => b.createdUs - a.createdUs);
    return { total: shares.length, items: shares.slice(offset, offset + limit) };
  }

  /** @returns false when there is none with that id */
  async remove(id: string): Promise<boolean> {
    if (!this.#kept.delete(id)) return false;
    if (this.#settings.directory !== '') await rm(this.#pathOf(id), { force: true });
    return true;
  }

  get #bytes(): number {
    return [...this.#kept.values()].reduce((sum, { packed }) => sum + packed.length, 0);
  }

  #forgetOld(): void {
    const nowUs = this.#clock();
    for (const [id, { share }] of this.#kept) {
      if (share.expiresUs > nowUs) continue;
      this.remove(id).catch((error: unknown) => this.#warn(id, error));
    }
  }

  #pathOf(id: string): string {
    return join(this.#settings.directory, id);
  }

  /** A file is there as a whole or not at all. */
  async #write(id: string, packed: Buffer): Promise<void> {
    const path = this.#pathOf(id);
    try {
      await writeFile(`${path}.tmp`, packed, { mode: 0o600 });
      await rename(`${path}.tmp`, path);
    } catch (error) {
      this.#warn(id, error);
    }
  }

  #readAll(): void {
    const { directory, most, mostBytes } = this.#settings;
    // Calls and who made them are nobody else's business.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    let bytes = 0;
    for (const id of readdirSync(directory).filter((name) => ID.test(name))) {
      try {
        const packed = readFileSync(this.#pathOf(id));
        const { share } = readPacked(inflateSync(packed, { maxOutputLength: MAX_UNPACKED }));
        if (this.#kept.size >= most || bytes + packed.length > mostBytes) throw new Error('there is no room for it');
        bytes += packed.length;
        this.#kept.set(id, { share: { ...share, id, bytes: packed.length }, packed });
      } catch (error) {
        this.#warn(id, error);
      }
    }
  }

  #warn(id: string, error: unknown): void {
    this.#log.warn({}, `shared call ${id}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws on what was not written here */
function readPacked(octets: Buffer): Packed {
  const read: unknown = JSON.parse(octets.toString('utf8'));
  if (typeof read !== 'object' || read === null || !('share' in read) || !('content' in read)) {
    throw new Error('it is no shared call');
  }
  return read as Packed; // only this class writes into the directory, which is closed to others
}
