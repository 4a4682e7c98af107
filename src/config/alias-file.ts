import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Alias, Aliases, type AliasStore, AliasTextFault, MAX_ALIASES, parseAliasLines } from '../model/alias.ts';

/** `aliases_file`, read and written while the collector runs, and the names that come of it. */
export class AliasFile implements AliasStore {
  readonly path: string;
  /** Those of the file and those of the option `aliases`, which stay. */
  readonly names: Aliases;
  readonly #fixed: readonly Alias[];
  #lastWrite: Promise<void> = Promise.resolve();

  /**
   * @param fixed those of the option `aliases`
   * @param all those and the ones in the file, as they were read at the start
   */
  constructor(path: string, fixed: readonly Alias[], all: readonly Alias[]) {
    this.path = path;
    this.#fixed = fixed;
    this.names = new Aliases(all);
  }

  read(): Promise<string> {
    return readFile(this.path, 'utf8');
  }

  async write(text: string): Promise<void> {
    const read = parseAliasLines(text);
    if (read instanceof AliasTextFault) throw read;
    const all = [...this.#fixed, ...read];
    if (all.length > MAX_ALIASES) {
      throw new AliasTextFault(`there are ${all.length} with those of the option aliases, at most ${MAX_ALIASES}`);
    }
    const lines = text.replaceAll('\r\n', '\n');
    // One after the other: two would write the same temporary file.
    const before = this.#lastWrite;
    const write = async (): Promise<void> => {
      await before.catch(() => undefined);
      const temporary = `${this.path}.tmp`;
      await writeFile(temporary, lines.endsWith('\n') || lines === '' ? lines : `${lines}\n`);
      await rename(temporary, this.path);
      this.names.replace(all);
    };
    this.#lastWrite = write();
    await this.#lastWrite;
  }
}
