import { moveColumns } from './columns.ts';
import { pageAt } from './fetch-page.ts';
import type { Binding } from './keys.ts';
import { MessagePane } from './pane.ts';

/**
 * The ladder of a call, where scripts run: one row is selected, its message stands beside the ladder, times are told
 * from it, and the rows of its transaction are set apart. Two marked rows are compared.
 *
 *   a.l-row[data-message=7] ──selected──▶ tbody#m7 [data-message-text] ──copied──▶ [data-pane]
 *                                         tbody#m7 a[data-text] ──fetched──┘
 *                           ──marked────▶ tbody#m7 input[name=diff]
 */
/** Parameter of the address. */
const CHOSEN = 'message';
const SELECTED = 'current';
const MARKED = 'marked';
const SAME = 'same';
const TEXT = '[data-message-text]';
/** The page a message has of its own, and where only that has its text. */
const PAGE = 'a[data-page]';
const PAGE_OF_TEXT = 'a[data-text]';

export function startLadder(): Binding[] {
  const frame = document.querySelector<HTMLElement>('[data-ladder]');
  const pane = document.querySelector<HTMLElement>('[data-pane]');
  if (frame === null || pane === null) return [];
  const ladder = new LadderPage(frame, pane);
  ladder.listen();
  return ladder.bindings;
}

type Row = SVGAElement;

class LadderPage {
  readonly bindings: Binding[];
  readonly #frame: HTMLElement;
  readonly #pane: MessagePane;
  readonly #rows: readonly Row[];
  readonly #parts: ReadonlyMap<Element, readonly Row[]>;
  readonly #byTransaction: ReadonlyMap<string | undefined, readonly Row[]>;
  /** The row from which a part tells its times. */
  readonly #timedFrom = new Map<Element, Row | undefined>();
  /** Where the selected message of this call is remembered, as long as the tab lives. */
  readonly #place: string;
  #selected: Row | undefined;
  #apart: string | undefined;

  constructor(frame: HTMLElement, pane: HTMLElement) {
    this.#frame = frame;
    this.#pane = new MessagePane(pane);
    this.#place = `selected ${frame.dataset['ladder'] ?? ''}`;
    this.#rows = [...frame.querySelectorAll<Row>('a.l-row')];
    this.#parts = groupBy(this.#rows, (row) => row.ownerSVGElement ?? frame);
    this.#byTransaction = groupBy(this.#rows, (row) => row.dataset['transaction']);
    this.bindings = [
      [['j', 'ArrowDown'], 'next message', (event) => this.#step(event, 1)],
      [['k', 'ArrowUp'], 'previous message', (event) => this.#step(event, -1)],
      [['Home'], 'first message', (event) => this.#step(event, Number.NEGATIVE_INFINITY)],
      [['End'], 'last message', (event) => this.#step(event, Number.POSITIVE_INFINITY)],
      [['Enter', 'r'], 'its text', (event) => this.#open(event)],
      [[' '], 'mark; two marked are compared', (event) => this.#markSelected(event)],
      [['Escape'], 'select nothing', () => this.#select(undefined)],
      ...CYCLES.map(([key, meaning]): Binding => [[key], meaning, () => cycle(key)]),
    ];
  }

  listen(): void {
    this.#frame.addEventListener('click', (event) => {
      const row = rowAt(event.target);
      // With a key held, a click is the browser's: another tab, another window.
      if (row === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#select(row);
    });
    this.#frame.addEventListener('dblclick', (event) => this.#open(event));
    for (const piece of document.querySelectorAll<HTMLElement>('.piece')) {
      piece.addEventListener('click', openInPlace);
    }
    this.#frame.addEventListener('mouseover', (event) => this.#setApart(rowAt(event.target) ?? this.#selected));
    this.#frame.addEventListener('mouseleave', () => this.#setApart(this.#selected));
    this.#frame.addEventListener('scroll', () => this.#showTimes());
    document.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement && target.name === 'diff') this.#compareTwo();
    });
    moveColumns(this.#frame);
    this.#showMarks();
    // A link may name a message. Drawn another way or come back to, the ladder still has its message. Where the page stands is the browser's.
    const chosen = new URL(location.href).searchParams.get(CHOSEN) ?? sessionStorage.getItem(this.#place);
    const row = this.#rows.find((each) => each.dataset['message'] === chosen);
    if (row === undefined) return;
    const { top, height } = this.#frame.getBoundingClientRect();
    this.#frame.scrollTop += row.getBoundingClientRect().top - top - height / 2;
    this.#select(row);
  }

  #step(event: KeyboardEvent, by: number): void {
    event.preventDefault();
    const at = this.#selected === undefined ? -1 : this.#rows.indexOf(this.#selected);
    const next = Math.min(Math.max(at + by, 0), this.#rows.length - 1);
    this.#select(this.#rows[next]);
    this.#rows[next]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  #select(row: Row | undefined): void {
    this.#selected?.classList.remove(SELECTED);
    this.#selected = row;
    row?.classList.add(SELECTED);
    if (row === undefined) sessionStorage.removeItem(this.#place);
    else sessionStorage.setItem(this.#place, row.dataset['message'] ?? '');
    nameInAddress(row?.dataset['message']);
    this.#showTimes();
    this.#setApart(row);
    void this.#showMessage(row);
  }

  /** Times from the selected row, in the parts that are in sight: a ladder may have thousands of rows. */
  #showTimes(): void {
    const { top, bottom } = this.#frame.getBoundingClientRect();
    const selected = this.#selected;
    for (const [part, rows] of this.#parts) {
      const place = part.getBoundingClientRect();
      if (place.bottom < top || place.top > bottom || this.#timedFrom.get(part) === selected) continue;
      this.#timedFrom.set(part, selected);
      for (const row of rows) {
        const since = sinceOf(row);
        if (since === null) continue;
        row.dataset['pause'] ??= since.textContent;
        since.textContent = selected === undefined ? row.dataset['pause'] : apart(selected, row);
      }
    }
  }

  #setApart(row: Row | undefined): void {
    const transaction = row?.dataset['transaction'];
    if (transaction === this.#apart) return;
    for (const other of this.#byTransaction.get(this.#apart) ?? []) other.classList.remove(SAME);
    for (const other of this.#byTransaction.get(transaction) ?? []) other.classList.add(SAME);
    this.#apart = transaction;
  }

  async #showMessage(row: Row | undefined): Promise<void> {
    const item = tableRow(row);
    const text = await textOf(item);
    if (row !== this.#selected) return;
    this.#pane.show(
      row?.querySelector('title')?.textContent ?? '',
      text,
      item?.querySelector<HTMLAnchorElement>(PAGE)?.href,
    );
  }

  #open(event: Event): void {
    const row = rowAt(event.target) ?? this.#selected;
    if (row === undefined) return;
    event.preventDefault();
    this.#select(row);
    const item = tableRow(row);
    if (item === null) return;
    void openText(item);
    item.scrollIntoView({ block: 'start' });
  }

  #markSelected(event: KeyboardEvent): void {
    event.preventDefault();
    const box = tableRow(this.#selected)?.querySelector<HTMLInputElement>('input[name=diff]');
    if (box === null || box === undefined) return;
    box.checked = !box.checked;
    this.#compareTwo();
  }

  #compareTwo(): void {
    this.#showMarks();
    const marked = document.querySelectorAll<HTMLInputElement>('input[name=diff]:checked');
    if (marked.length === 2) marked[0]?.form?.requestSubmit();
  }

  #showMarks(): void {
    const marked = new Set(
      [...document.querySelectorAll<HTMLInputElement>('input[name=diff]:checked')].map((box) => box.value),
    );
    for (const row of this.#rows) row.classList.toggle(MARKED, marked.has(row.dataset['message'] ?? ''));
  }
}

/** Keys that go round the ways to draw, with what each is about. */
const CYCLES = [
  ['c', 'colours by kind, leg, transaction, dialog'],
  ['w', 'time of day, since the one before, since the first'],
  ['d', 'session descriptions'],
  ['h', 'columns by alias, address, address and port'],
  ['g', 'pauses marked, to scale, not drawn'],
  ['m', 'what was measured of media'],
  ['M', 'messages without credentials'],
  ['R', 'retransmissions and keep-alives drawn or counted'],
] as const;

function cycle(key: string): void {
  document.querySelector<HTMLElement>(`[data-key=${key}]`)?.click();
}

function rowAt(target: EventTarget | null): Row | undefined {
  return target instanceof Element ? (target.closest<Row>('a.l-row') ?? undefined) : undefined;
}

const sinceOf = (row: Row): Element | null => row.querySelector('.l-since');

/** Where the table has the message of a row. */
function tableRow(row: Row | undefined): HTMLElement | null {
  return row === undefined ? null : document.getElementById(`m${row.dataset['message'] ?? ''}`);
}

/** The address of the page names the message that is selected, so that who is given it sees the same. */
function nameInAddress(message: string | undefined): void {
  const address = new URL(location.href);
  if (message === undefined) address.searchParams.delete(CHOSEN);
  else address.searchParams.set(CHOSEN, message);
  if (address.href !== location.href) history.replaceState(history.state, '', address);
}

/** Its text: from the table, or from the page it has of its own where there are many. */
async function textOf(item: HTMLElement | null): Promise<Element | undefined> {
  const here = item?.querySelector(TEXT);
  const elsewhere = item?.querySelector<HTMLAnchorElement>(PAGE_OF_TEXT);
  if (here || !elsewhere) return here ?? undefined;
  const page = await pageAt(elsewhere.href);
  return page?.querySelector(TEXT) ?? undefined;
}

/** A link to the text of a message opens it below its row; with a key held it is the browser's. */
function openInPlace(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !(event.target instanceof Element)) return;
  const item = event.target.closest(PAGE_OF_TEXT)?.closest('tbody');
  if (item === null || item === undefined) return;
  event.preventDefault();
  const opened = item.querySelector('details');
  if (opened?.open === true) opened.open = false;
  else void openText(item);
}

/** Opens the text of a message in the table, where it is fetched to if it has a page of its own. */
async function openText(item: HTMLElement): Promise<void> {
  const text = await textOf(item);
  if (text === undefined) return;
  const details = item.querySelector('details') ?? addDetails(item);
  if (details.querySelector(TEXT) === null) details.append(text);
  details.open = true;
}

function addDetails(item: HTMLElement): HTMLDetailsElement {
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.textContent = 'Text';
  details.append(summary);
  const row = document.createElement('tr');
  row.className = 'more';
  const cell = row.insertCell();
  cell.colSpan = item.querySelectorAll('td').length;
  cell.append(details);
  item.append(row);
  return details;
}

function groupBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** How much later than the selected row another is. */
function apart(selected: Row, other: Row): string {
  const us = Number(other.dataset['us']) - Number(selected.dataset['us']);
  if (other === selected) return 'selected';
  return `${us < 0 ? '−' : '+'}${(Math.abs(us) / 1e6).toFixed(6)} s`;
}
