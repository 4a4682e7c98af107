import type { Take } from '../model/engine.ts';
import type { Page } from '../model/views.ts';

/** Shorter lists are there as a whole before a page of them is begun. */
export const MOST_AT_ONCE = 1000;

/** Items that are waited for before an answer in that form is begun: only pages can be begun without the rest. */
function mostAtOnce(form: string): number {
  return form === 'html' ? MOST_AT_ONCE : Number.POSITIVE_INFINITY;
}

/**
 * A list on its way from the engine. A page of it is begun with the first items; those that follow are shown as they come
 * and let go, so that very many are neither waited for nor held.
 *
 *   engine ──take──▶ items ──slices──▶ rows of the page
 */
export class ComingPage<Item, Found extends Page<Item> = Page<Item>> implements Page<Item> {
  /** What the engine says of the list when all have come. */
  found: Found | undefined;
  readonly limit: number;
  /** What has come and was not let go. */
  items: Item[] = [];
  /** How many have come, and which of them first and last. */
  count = 0;
  first: Item | undefined;
  last: Item | undefined;
  /** From which place on was asked. */
  readonly #asked: number;
  #isOver = false;
  #error: unknown;
  #wake: () => void = () => undefined;

  private constructor({ offset, limit }: { offset: number; limit: number }) {
    this.#asked = offset;
    this.limit = limit;
  }

  /**
   * Resolves when the answer can be begun.
   *
   * @param form of the answer, as in `?format=`
   */
  static async begin<Item, Found extends Page<Item>, Query extends { offset: number; limit: number }>(
    form: string,
    query: Query,
    find: (query: Query, take: Take<Item>) => Promise<Found>,
  ): Promise<ComingPage<Item, Found>> {
    const page = new ComingPage<Item, Found>(query);
    void page.#follow((take) => find(query, take));
    await page.#until(() => page.count > mostAtOnce(form));
    return page;
  }

  /** The list, for forms that wait for all of it. */
  get whole(): Found {
    if (this.found === undefined) throw new Error('a list was taken for whole before all of it had come');
    return this.found;
  }

  get offset(): number {
    return this.found?.offset ?? this.#asked;
  }

  get total(): number {
    return this.found?.total ?? 0;
  }

  get matched(): number {
    return this.found?.matched ?? 0;
  }

  /** All items, so many at a time, each only once: what has been given is let go. */
  async *slices(size: number): AsyncGenerator<Item[]> {
    let waiting: Item[] = [];
    const more = (): boolean => this.items.length > 0;
    do {
      waiting.push(...this.items);
      this.items = [];
      let from = 0;
      for (; from + size <= waiting.length; from += size) yield waiting.slice(from, from + size);
      waiting = waiting.slice(from);
      // oxlint-disable-next-line no-await-in-loop -- there is no more yet
      await this.#until(more);
    } while (more());
    if (waiting.length > 0) yield waiting;
  }

  async #follow(find: (take: Take<Item>) => Promise<Found>): Promise<void> {
    try {
      const found = await find((items) => {
        for (const item of items) this.items.push(item);
        this.count += items.length;
        this.first ??= items[0];
        this.last = items.at(-1) ?? this.last;
        this.#wake();
      });
      this.found = { ...found, items: this.items };
    } catch (error) {
      this.#error = error;
    }
    this.#isOver = true;
    this.#wake();
  }

  /** Resolves when that is so, or no more will come. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!this.#isOver && !isSo()) {
      // oxlint-disable-next-line no-await-in-loop -- woken by what comes
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
