import { type FileHandle, open } from 'node:fs/promises';

/** Where lines go. Written octets are answered, so that a write that failed in the middle can be taken up again. */
export interface LineOutput {
  /** Writes some of the octets, at least one. */
  write(bytes: Buffer): Promise<number>;
  /** Takes up the place anew after somebody moved it away; what was written stays where it went. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** Whether an error of `write` may pass: a full disk does, a reader that went away does not. */
  mayPass(error: unknown): boolean;
}

/** A file that is appended to; made readable by its owner only, because it tells who talked to whom. */
export class FileOutput implements LineOutput {
  readonly #path: string;
  #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  static async open(path: string): Promise<FileOutput> {
    return new FileOutput(path, await open(path, 'a', 0o600));
  }

  async write(bytes: Buffer): Promise<number> {
    const { bytesWritten } = await this.#handle.write(bytes);
    return bytesWritten;
  }

  async reopen(): Promise<void> {
    const fresh = await open(this.#path, 'a', 0o600);
    const old = this.#handle;
    this.#handle = fresh;
    await old.close();
  }

  async close(): Promise<void> {
    try {
      await this.#handle.datasync();
    } catch (error) {
      // Pipes and devices cannot be synchronised, and need not be.
      if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
    } finally {
      await this.#handle.close();
    }
  }

  mayPass(): boolean {
    return true;
  }
}

/** Standard output. It stays open: the final report follows. */
export class StreamOutput implements LineOutput {
  readonly #stream: NodeJS.WritableStream;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    // The callback of a write tells of the error; without a listener it would end the process as well.
    stream.on('error', () => undefined);
  }

  write(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
    });
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {}

  mayPass(): boolean {
    return false;
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
