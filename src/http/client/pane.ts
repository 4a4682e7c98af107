import { pageAt } from './fetch-page.ts';

/**
 * The message beside the ladder: how it came, its text, and what helps with reading it. The tools stay from message to
 * message, and so do what is searched for and which parts of the message's own page are unfolded: those are fetched when
 * somebody looks at them.
 */
const FOUND = 'found';

export class MessagePane {
  readonly #pane: HTMLElement;
  readonly #title = document.createElement('p');
  readonly #place = document.createElement('div');
  readonly #search = document.createElement('input');
  readonly #count = document.createElement('span');
  readonly #folds: readonly Fold[] = PARTS.map(([part, title]) => new Fold(part, title));
  #ranges: Range[] = [];
  #at = 0;

  constructor(pane: HTMLElement) {
    this.#pane = pane;
    this.#title.className = 'quiet';
    this.#count.className = 'quiet';
    this.#count.setAttribute('role', 'status');
    this.#search.type = 'search';
    this.#search.placeholder = 'Find in the text';
    this.#search.setAttribute('aria-label', 'Find in the text of the message');
    this.#search.addEventListener('input', () => this.#find());
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.#show(this.#at + (event.shiftKey ? -1 : 1));
    });
    const tools = document.createElement('p');
    tools.className = 'pane-tools';
    tools.append(
      copyButton(() => this.#text()),
      ' ',
      switchButton('Wrap lines', true, (isOn) => pane.classList.toggle('unwrapped', !isOn)),
      ' ',
      switchButton('All headers', true, (isOn) => pane.classList.toggle('brief', !isOn)),
      ' ',
      this.#search,
      ' ',
      this.#count,
    );
    pane.append(this.#title, tools, this.#place, ...this.#folds.map((fold) => fold.element));
  }

  /**
   * Shows a message under a title, or nothing.
   *
   * @param page what it has of its own, for the parts that can be unfolded
   */
  show(title: string, message: Element | undefined, page: string | undefined): void {
    this.#pane.hidden = message === undefined;
    if (message === undefined) return;
    this.#title.textContent = title;
    this.#place.replaceChildren(message.cloneNode(true));
    this.#pane.scrollTop = 0;
    for (const fold of this.#folds) fold.show(page);
    this.#find();
  }

  #text(): string {
    return this.#place.querySelector('.raw')?.textContent ?? '';
  }

  #find(): void {
    const raw = this.#place.querySelector('.raw');
    this.#ranges = raw === null ? [] : rangesOf(raw, this.#search.value);
    // Older browsers find and go there, but do not mark.
    if ('highlights' in CSS) CSS.highlights.set(FOUND, new Highlight(...this.#ranges));
    this.#show(0);
  }

  /** Goes to one of the places found; behind the last comes the first. */
  #show(at: number): void {
    const count = this.#ranges.length;
    this.#at = count === 0 ? 0 : (at + count) % count;
    const isAsked = this.#search.value !== '';
    this.#count.textContent = isAsked ? (count === 0 ? 'not found' : `${this.#at + 1} of ${count}`) : '';
    if (isAsked) this.#ranges[this.#at]?.startContainer.parentElement?.scrollIntoView({ block: 'nearest' });
  }
}

/** Parts of a message's own page that can be unfolded here. */
const PARTS = [
  ['parts', 'Parts'],
  ['envelope', 'Envelope'],
] as const;

/** One such part, fetched while it is open. */
class Fold {
  readonly element = document.createElement('details');
  readonly #part: string;
  readonly #content = document.createElement('div');
  #page: string | undefined;
  #shown: string | undefined;

  constructor(part: string, title: string) {
    this.#part = part;
    const summary = document.createElement('summary');
    summary.textContent = title;
    this.element.append(summary, this.#content);
    this.element.addEventListener('toggle', () => void this.#fill());
  }

  /** Of the message that has this page; without one it stays away. */
  show(page: string | undefined): void {
    this.#page = page;
    this.element.hidden = page === undefined;
    void this.#fill();
  }

  async #fill(): Promise<void> {
    const page = this.#page;
    if (page === undefined || page === this.#shown || !this.element.open) return;
    const part = (await pageAt(page))?.querySelector(`[data-part=${this.#part}]`);
    // Meanwhile another message may have been selected.
    if (page !== this.#page) return;
    this.#shown = part ? page : undefined;
    this.#content.replaceChildren(part ?? 'It is no longer held.');
  }
}

/** Places of a text in an element, whatever the case, also across the parts of a line. */
function rangesOf(element: Element, wanted: string): Range[] {
  const needle = wanted.toLowerCase();
  if (needle === '') return [];
  const nodes: { node: Text; start: number }[] = [];
  let text = '';
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue;
    nodes.push({ node, start: text.length });
    text += node.data;
  }
  const lower = text.toLowerCase();
  // Where lower case has another length, places would not be the same.
  const searched = lower.length === text.length ? lower : text;
  const ranges: Range[] = [];
  for (let at = searched.indexOf(needle); at >= 0; at = searched.indexOf(needle, at + needle.length)) {
    const range = document.createRange();
    for (const { node, start } of nodes) {
      if (start <= at && at < start + node.length) range.setStart(node, at - start);
      const end = at + needle.length;
      if (start < end && end <= start + node.length) range.setEnd(node, end - start);
    }
    ranges.push(range);
  }
  return ranges;
}

function switchButton(text: string, isOn: boolean, change: (isOn: boolean) => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  const show = (now: boolean): void => button.setAttribute('aria-pressed', String(now));
  show(isOn);
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    show(now);
    change(now);
  });
  return button;
}

function copyButton(text: () => string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  // Browsers give pages the clipboard over TLS and on the own host only.
  button.hidden = !('clipboard' in navigator);
  button.addEventListener('click', () => void navigator.clipboard.writeText(text()));
  return button;
}
