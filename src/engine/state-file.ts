import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ReadAt } from '../tracker/snapshot-file.ts';

/**
 * The file an engine keeps its tables in. It is replaced as a whole or not at all:
 *
 *   blocks ─▶ FILE.tmp ─▶ fsync ─▶ renamed to FILE ─▶ fsync of the directory
 */
export class StateFile {
  readonly path: string;
  readonly #temporary: string;

  constructor(path: string) {
    this.path = path;
    this.#temporary = `${path}.tmp`;
  }

  /** Makes sure that the directory is there and can be written to. Rejects if not. */
  async prepare(): Promise<void> {
    const directory = dirname(this.path);
    // Calls and who made them are nobody else's business.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    await rm(this.#temporary, { force: true });
  }

  /**
   * Writes a snapshot, a block at a time; the caller's thread is free while the disk is busy.
   *
   * @param isGivenUp asked between blocks: true = leave the old file as it is
   * @returns octets written, `undefined` when it was given up
   */
  async write(blocks: Iterable<Buffer>, isGivenUp: () => boolean): Promise<number | undefined> {
    const file = await open(this.#temporary, 'w', 0o600);
    let bytes = 0;
    let isWhole = false;
    try {
      for (const block of blocks) {
        if (isGivenUp()) return undefined;
        // oxlint-disable-next-line no-await-in-loop -- the next block is made when this one is out
        await file.writeFile(block);
        bytes += block.length;
      }
      await file.sync();
      isWhole = true;
    } finally {
      await file.close();
      if (!isWhole) await rm(this.#temporary, { force: true });
    }
    await rename(this.#temporary, this.path);
    await syncDirectory(dirname(this.path));
    return bytes;
  }

  /** Opens the file for reading; `undefined` when there is none. Throws when it is there but cannot be read. */
  read(): { size: number; at: ReadAt; close: () => void } | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(this.path, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return {
      size: fstatSync(descriptor).size,
      at: (offset, length) => readFully(descriptor, offset, length),
      close: () => closeSync(descriptor),
    };
  }

  /** Keeps a file that cannot be used under another name, which is the answer. */
  async setAside(atMs: number): Promise<string> {
    const time = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
    const aside = `${this.path}.refused-${time}`;
    await rename(this.path, aside);
    return aside;
  }
}

function readFully(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(descriptor, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** A name is safe on disk when its directory is; systems that cannot do it lose nothing but that. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, 'r');
    await directory.sync();
  } catch {
    // Not every file system has it.
  } finally {
    await directory?.close();
  }
}
