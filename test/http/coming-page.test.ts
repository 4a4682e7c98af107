import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ComingPage, MOST_AT_ONCE } from '../../src/http/coming-page.ts';
import type { Take } from '../../src/model/engine.ts';
import type { Page } from '../../src/model/views.ts';

const WINDOW = { offset: 0, limit: 20_000 };
const MANY = MOST_AT_ONCE + 1;

/** An engine that finds what it is told to find. */
function search() {
  const items: Take<number>[] = [];
  const ends: { resolve: (page: Page<number>) => void; reject: (error: Error) => void }[] = [];
  return {
    find: (_query: typeof WINDOW, take: Take<number>) => {
      items.push(take);
      return new Promise<Page<number>>((resolve, reject) => {
        ends.push({ resolve, reject });
      });
    },
    finds: (from: number, count: number) => items[0]?.(Array.from({ length: count }, (_, n) => from + n)),
    ends: (matched: number) => ends[0]?.resolve({ ...WINDOW, total: matched, matched, items: [] }),
    fails: () => ends[0]?.reject(new Error('gone')),
  };
}

async function slicesOf(page: ComingPage<number>, size: number): Promise<number[][]> {
  const slices: number[][] = [];
  for await (const slice of page.slices(size)) slices.push(slice);
  return slices;
}

suite('ComingPage', () => {
  test('is begun as HTML while others are still looked for, and gives each once', async () => {
    const engine = search();
    const begun = ComingPage.begin('html', WINDOW, engine.find);
    engine.finds(0, MANY);
    const page = await begun;
    assert.equal(page.count, MANY);
    const given = slicesOf(page, 400);
    engine.finds(MANY, 300);
    engine.ends(5000);
    assert.deepEqual(
      (await given).map((slice) => [slice[0], slice.length]),
      [
        [0, 400],
        [400, 400],
        [800, 400],
        [1200, 101],
      ],
    );
    assert.deepEqual([page.count, page.matched, page.items], [MANY + 300, 5000, []]);
  });

  test('is begun with all of a short list', async () => {
    const engine = search();
    const begun = ComingPage.begin('html', WINDOW, engine.find);
    engine.finds(0, 3);
    engine.ends(3);
    assert.deepEqual((await begun).found, { ...WINDOW, total: 3, matched: 3, items: [0, 1, 2] });
  });

  test('waits for all where the form of the answer says how many there are before it names them', async () => {
    const engine = search();
    const begun = ComingPage.begin('json', WINDOW, engine.find);
    engine.finds(0, MANY);
    engine.finds(MANY, 7);
    engine.ends(9999);
    const { matched, items } = await begun;
    assert.deepEqual([matched, items.length, items.at(-1)], [9999, MANY + 7, MANY + 6]);
  });

  test('fails as its engine does, at the beginning or later', async () => {
    const early = search();
    const begun = ComingPage.begin('html', WINDOW, early.find);
    early.fails();
    await assert.rejects(begun, /gone/);

    const late = search();
    const pending = ComingPage.begin('html', WINDOW, late.find);
    late.finds(0, MANY);
    const given = slicesOf(await pending, 100);
    late.fails();
    await assert.rejects(given, /gone/);
  });
});
