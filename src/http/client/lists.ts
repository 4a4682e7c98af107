import type { Binding } from './keys.ts';
import { EXCHANGED } from './live.ts';
import { RowFilter } from './row-filter.ts';
import { startZoom } from './zoom.ts';

const YEAR_S = 31_536_000;

/** Lists of rows to work with: a filter of what is loaded, marked rows, order and columns by keys. */
export function startLists(): Binding[] {
  const bar = document.querySelector<HTMLElement>('[data-list]');
  if (bar === null) return [];
  rememberColumns(bar);
  keepCount(bar);
  startCopying();
  startZoom();
  const filter = new RowFilter(bar);
  return [
    [['/'], 'to the filter of the rows shown', (event) => filter.focus(event)],
    ...[...bar.querySelectorAll<HTMLElement>('[data-key]')].map(keyOf),
    [['<'], 'sort by the column before', () => sortBy(-1)],
    [['>'], 'sort by the column behind', () => sortBy(1)],
    [['z'], 'turn the order round', () => sortBy(0)],
    [[' '], 'mark the row', markRow],
    [['o'], 'open the marked together', () => bar.querySelector<HTMLButtonElement>(TOGETHER)?.click()],
  ];
}

/** What stands in the bar: a switch is followed, a menu unfolded. */
function keyOf(element: HTMLElement): Binding {
  const summary = element.querySelector('summary');
  const press = (event: KeyboardEvent): void => {
    event.preventDefault();
    (summary ?? element).click();
    if (element instanceof HTMLDetailsElement && element.open) element.querySelector('input')?.focus();
  };
  return [[element.dataset['key'] ?? ''], (summary ?? element).textContent ?? '', press];
}

/** The choice of columns is a cookie, so that the server draws the next page right at once. */
function rememberColumns(bar: HTMLElement): void {
  const menu = bar.querySelector<HTMLElement>('[data-columns]');
  const form = menu?.querySelector('form');
  if (!menu || !form) return;
  const remember = (names: readonly string[]): void => {
    const age = names.length === 0 ? 0 : YEAR_S;
    document.cookie = `${menu.dataset['columns'] ?? ''}=${names.join('.')}; path=/; max-age=${age}; samesite=strict`;
  };
  form.addEventListener('submit', () => remember(new FormData(form).getAll('columns').map(String)));
  menu.addEventListener('click', ({ target }) => {
    if (!(target instanceof HTMLAnchorElement)) return;
    remember((new URL(target.href).searchParams.get('columns') ?? '').split(',').filter((name) => name !== ''));
  });
}

function sortBy(step: number): void {
  const headings = [...document.querySelectorAll<HTMLElement>('a[data-sort]')];
  const now = headings.findIndex((heading) => heading.closest('[aria-sort]') !== null);
  headings[Math.min(Math.max(now + step, 0), headings.length - 1)]?.click();
}

/** Opens what is marked; the other form of the bar has no name. */
const TOGETHER = 'form[id] button';
const MARKS = 'input[type=checkbox][form]';

function markRow(event: KeyboardEvent): void {
  const box = document.querySelector<HTMLInputElement>(`[data-row].current ${MARKS}`);
  if (box === null) return;
  event.preventDefault();
  box.checked = !box.checked;
  box.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Buttons to copy what they carry. Browsers give pages the clipboard over TLS and on the own host only. */
function startCopying(): void {
  if (!('clipboard' in navigator)) return;
  document.documentElement.classList.add('copies');
  document.addEventListener('click', ({ target }) => {
    const text = target instanceof HTMLElement ? target.dataset['copy'] : undefined;
    if (text !== undefined) void navigator.clipboard.writeText(text);
  });
}

/** The button says how many it would open. */
function keepCount(bar: HTMLElement): void {
  const button = bar.querySelector<HTMLButtonElement>(TOGETHER);
  if (button === null) return;
  const text = button.textContent ?? '';
  const count = (): void => {
    const marked = document.querySelectorAll(`${MARKS}:checked`).length;
    button.disabled = marked === 0;
    button.textContent = marked === 0 ? text : `${text} (${marked})`;
  };
  document.addEventListener('change', count);
  document.addEventListener(EXCHANGED, count);
  // A browser that comes back to a page puts its marks back after the script has run.
  window.addEventListener('pageshow', count);
  count();
}
