import { EXCHANGED } from './live.ts';

/** Height of a row of one line, as the style sheet has it. */
const ROW_REM = 1.9;

/** Shows only those of the loaded rows that hold what is typed; Enter asks the server for more of them. */
export class RowFilter {
  readonly #box = document.createElement('input');
  readonly #count = document.createElement('span');
  #next = 0;
  /** Reading the text of thousands of rows takes a while; it does not change. */
  readonly #texts = new WeakMap<Element, string>();

  constructor(bar: HTMLElement) {
    const label = document.createElement('label');
    label.className = 'row-filter';
    this.#box.type = 'search';
    this.#box.placeholder = 'Filter rows shown';
    this.#box.setAttribute('aria-label', 'Filter rows shown');
    this.#box.autocomplete = 'off';
    this.#count.className = 'quiet';
    this.#count.setAttribute('role', 'status');
    label.append(this.#box, ' ', this.#count);
    bar.append(label);
    this.#box.addEventListener('input', () => this.#applySoon());
    this.#box.addEventListener('keydown', (event) => this.#take(event));
    document.addEventListener(EXCHANGED, () => this.#apply());
    window.addEventListener('pageshow', () => this.#apply());
  }

  focus(event: KeyboardEvent): void {
    event.preventDefault();
    this.#box.focus();
    this.#box.select();
  }

  #take(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#box.blur();
    if (event.key !== 'Enter') return;
    const search = document.querySelector<HTMLInputElement>('form[role=search] input[type=search]');
    if (search === null || this.#box.value.trim() === '') return;
    search.value = `${search.value} ${this.#box.value}`.trim();
    search.form?.requestSubmit();
  }

  /** Once for what was typed before the next picture is drawn. */
  #applySoon(): void {
    cancelAnimationFrame(this.#next);
    this.#next = requestAnimationFrame(() => this.#apply());
  }

  #apply(): void {
    const words = this.#box.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
    let shown = 0;
    for (const row of rows) {
      row.hidden = words.length > 0 && !words.every((word) => this.#textOf(row).includes(word));
      if (!row.hidden) shown++;
    }
    // What is not laid out yet takes the room it was said to take.
    for (const slice of document.querySelectorAll<HTMLElement>('.slice')) {
      const left = slice.querySelectorAll('[data-row]:not([hidden])').length;
      slice.style.containIntrinsicBlockSize = words.length === 0 ? '' : `${left * ROW_REM}rem`;
    }
    this.#count.textContent = words.length === 0 ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
  }

  /** What is to be seen of a row, without what unfolds. */
  #textOf(row: HTMLElement): string {
    let text = this.#texts.get(row);
    if (text === undefined) {
      const parts =
        row instanceof HTMLTableSectionElement ? row.querySelectorAll('tr:first-child, td > a, summary') : [row];
      text = [...parts]
        .map((part) => part.textContent ?? '')
        .join(' ')
        .toLowerCase();
      this.#texts.set(row, text);
    }
    return text;
  }
}
