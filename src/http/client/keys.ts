/** Keys of lists and pages. Off while somebody types; `?` lists them. */
interface Actions {
  togglePause: () => void;
  /** Keys of a part of this page; they stand before those of all pages. */
  own: readonly Binding[];
}

export type Binding = readonly [keys: readonly string[], meaning: string, act: (event: KeyboardEvent) => void];

const CURRENT = 'current';

export function startKeys({ togglePause, own }: Actions): void {
  const help = document.createElement('dialog');
  const taken = new Set(own.flatMap(([keys]) => keys));
  const everywhere: readonly Binding[] = [
    [['/', 'f'], 'to the search box', (event) => focusSearch(event)],
    [['j', 'ArrowDown'], 'next row', (event) => step(event, 1)],
    [['k', 'ArrowUp'], 'previous row', (event) => step(event, -1)],
    [['Home'], 'first row', (event) => step(event, Number.NEGATIVE_INFINITY)],
    [['End'], 'last row', (event) => step(event, Number.POSITIVE_INFINITY)],
    [['Enter'], 'open the row', open],
    [[' ', 'x'], 'unfold the row', unfold],
    [['['], 'previous page of a list', (event) => follow(event, '[rel=prev]')],
    [[']'], 'next page of a list', (event) => follow(event, '[rel=next]')],
    [['p'], 'pause or resume a live page', togglePause],
    [['y'], 'copy the address of this page', () => void navigator.clipboard?.writeText(location.href)],
    [['q'], 'back', () => history.back()],
    [['?'], 'these keys', () => help.showModal()],
  ];
  const left = everywhere.map(([keys, meaning, act]): Binding => [keys.filter((key) => !taken.has(key)), meaning, act]);
  const bindings = [...own, ...left.filter(([keys]) => keys.length > 0)];
  fillHelp(help, bindings);
  document.body.append(help);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isPressing(event)) return;
    bindings.find(([keys]) => keys.includes(event.key))?.[2](event);
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  // In an open dialog and in parts with keys of their own, theirs count.
  return target.closest('input:not([type=checkbox]), select, textarea, dialog, [data-keys]') !== null;
}

/** What has the focus is pressed with these keys; rows have a meaning of their own for them. */
function isPressing({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === ' ') return target.closest('button, summary, input') !== null;
  return key === 'Enter' && target.closest('a:not(.l-row), button, summary') !== null;
}

function focusSearch(event: KeyboardEvent): void {
  const box = document.querySelector<HTMLInputElement>('input[type=search]');
  if (box === null) return;
  event.preventDefault();
  box.focus();
  box.select();
}

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-row]:not([hidden])')];

function step(event: KeyboardEvent, by: number): void {
  const now = currentRow();
  const row = Number.isFinite(by) && now !== null ? (rowBeside(now, by) ?? now) : rows().at(by > 1 ? -1 : 0);
  if (row === undefined) return;
  event.preventDefault();
  now?.classList.remove(CURRENT);
  row.classList.add(CURRENT);
  row.scrollIntoView({ block: 'nearest' });
  linkOf(row)?.focus({ preventScroll: true });
}

/** The next row before or behind one; of thousands, only those beside it are looked at. */
function rowBeside(row: Element, by: number): Element | undefined {
  const beside = (element: Element | null | undefined): Element | null | undefined =>
    by < 0 ? element?.previousElementSibling : element?.nextElementSibling;
  const inside = (group: Element | null | undefined): Element | null | undefined =>
    by < 0 ? group?.lastElementChild : group?.firstElementChild;
  for (
    let next = beside(row) ?? inside(beside(row.parentElement));
    next;
    next = beside(next) ?? inside(beside(next.parentElement))
  ) {
    if (next.matches('[data-row]:not([hidden])')) return next;
    if (!next.matches('[data-row]')) return undefined;
  }
  return undefined;
}

const currentRow = (): Element | null => document.querySelector(`[data-row].${CURRENT}`);
const linkOf = (row: Element | null | undefined): HTMLElement | null | undefined =>
  row?.querySelector<HTMLElement>('a[data-open]');

function open(): void {
  linkOf(currentRow())?.click();
}

function unfold(event: KeyboardEvent): void {
  const details = currentRow()?.querySelector('details');
  if (details === null || details === undefined) return;
  event.preventDefault();
  details.open = !details.open;
}

function follow(event: KeyboardEvent, selector: string): void {
  const link = document.querySelector<HTMLElement>(selector);
  if (link === null) return;
  event.preventDefault();
  link.click();
}

const KEY_NAMES: Readonly<Record<string, string>> = { ' ': 'Space', ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

function fillHelp(help: HTMLDialogElement, bindings: readonly Binding[]): void {
  help.className = 'keys';
  const title = document.createElement('h2');
  title.textContent = 'Keys';
  const list = document.createElement('dl');
  for (const [keys, meaning] of bindings) {
    const term = document.createElement('dt');
    for (const key of keys) {
      const name = document.createElement('kbd');
      name.textContent = KEY_NAMES[key] ?? key;
      term.append(name, ' ');
    }
    const description = document.createElement('dd');
    description.textContent = meaning;
    list.append(term, description);
  }
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => help.close());
  help.append(title, list, close);
  help.setAttribute('aria-label', 'Keys');
}
