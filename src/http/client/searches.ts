import type { Binding } from './keys.ts';

/**
 * Searches that this browser keeps, for each list its own: those somebody saved, and the last that were made. One is the
 * query of its address without what is of the moment only, so order and columns come back with it.
 */
interface Searches {
  saved: string[];
  last: string[];
}

const MOST_SAVED = 50;
const MOST_LAST = 10;
/** Where a page of a list begins, how long it is, and the reader's zone. */
const OF_THE_MOMENT = ['s', 'offset', 'n', 'limit', 'tz', 'format'];

export function startSearches(): Binding[] {
  const menu = document.querySelector<HTMLDetailsElement>('details[data-searches]');
  const summary = menu?.querySelector('summary');
  if (!menu || !summary) return [];
  new SearchMenu(menu).show();
  return [
    [
      ['S'],
      summary.textContent ?? '',
      (event) => {
        event.preventDefault();
        summary.click();
        menu.querySelector<HTMLElement>('button, a')?.focus();
      },
    ],
  ];
}

class SearchMenu {
  readonly #menu: HTMLDetailsElement;
  readonly #body = document.createElement('div');
  readonly #key: string;
  readonly #now = currentSearch();
  readonly #searches: Searches;

  constructor(menu: HTMLDetailsElement) {
    this.#menu = menu;
    this.#key = `searches ${menu.dataset['searches'] ?? ''}`;
    this.#searches = read(this.#key);
    const { last } = this.#searches;
    if (this.#now !== '' && last[0] !== this.#now) this.#keep({ last: [this.#now, ...without(last, this.#now)] });
    menu.append(this.#body);
    menu.hidden = false;
  }

  show(): void {
    const { saved, last } = this.#searches;
    const isSaved = saved.includes(this.#now);
    this.#body.replaceChildren(
      ...(this.#now === '' || isSaved ? [] : [button('Save this search', () => this.#save())]),
      ...part(
        'Saved',
        saved.map((search) => this.#item(search, true)),
      ),
      ...part(
        'Last',
        without(last, this.#now)
          .filter((search) => !saved.includes(search))
          .map((search) => this.#item(search, false)),
      ),
    );
    if (this.#body.childElementCount === 0)
      this.#body.textContent = 'What you search for is kept here, in this browser.';
  }

  #save(): void {
    this.#keep({ saved: [this.#now, ...this.#searches.saved] });
    this.show();
    this.#menu.querySelector('summary')?.focus();
  }

  #item(search: string, isSaved: boolean): HTMLLIElement {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `${location.pathname}?${search}`;
    link.textContent = nameOf(search);
    item.append(link);
    if (!isSaved) return item;
    const remove = button('×', () => {
      this.#keep({ saved: without(this.#searches.saved, search) });
      this.show();
    });
    remove.setAttribute('aria-label', `Forget ${nameOf(search)}`);
    item.append(' ', remove);
    return item;
  }

  #keep(changes: Partial<Searches>): void {
    const { saved, last } = { ...this.#searches, ...changes };
    this.#searches.saved = saved.slice(0, MOST_SAVED);
    this.#searches.last = last.slice(0, MOST_LAST);
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#searches));
    } catch {
      // A browser that keeps nothing for us keeps them for this page only.
    }
  }
}

function currentSearch(): string {
  const parameters = new URLSearchParams(location.search);
  for (const name of OF_THE_MOMENT) parameters.delete(name);
  return (parameters.get('q') ?? '') === '' ? '' : parameters.toString();
}

/** What is searched for, then what else was chosen. */
function nameOf(search: string): string {
  const parameters = new URLSearchParams(search);
  const text = parameters.get('q') ?? '';
  parameters.delete('q');
  return [text, ...[...parameters].map(([name, value]) => `${name}=${value}`)].join(' · ');
}

function read(key: string): Searches {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    const { saved, last } = kept as Partial<Record<keyof Searches, unknown>>; // any member may be missing or odd
    return { saved: texts(saved), last: texts(last) };
  } catch {
    return { saved: [], last: [] };
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function without(searches: readonly string[], search: string): string[] {
  return searches.filter((each) => each !== search);
}

function part(title: string, items: readonly HTMLLIElement[]): HTMLElement[] {
  if (items.length === 0) return [];
  const heading = document.createElement('h3');
  heading.textContent = title;
  const list = document.createElement('ul');
  list.className = 'plain';
  list.append(...items);
  return [heading, list];
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', act);
  return made;
}
