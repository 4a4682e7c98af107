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
    [['/'], 'to the search box', (event) => focusSearch(event)],
    [['j', 'ArrowDown'], 'next row', (event) => step(event, 1)],
    [['k', 'ArrowUp'], 'previous row', (event) => step(event, -1)],
    [['Home'], 'first row', (event) => step(event, Number.NEGATIVE_INFINITY)],
    [['End'], 'last row', (event) => step(event, Number.POSITIVE_INFINITY)],
    [['Enter'], 'open the row', open],
    [[' ', 'x'], 'unfold the row', unfold],
    [['['], 'previous page of a list', (event) => follow(event, '[rel=prev]')],
    [[']'], 'next page of a list', (event) => follow(event, '[rel=next]')],
    [['p'], 'pause or resume a live page', togglePause],
    [['f'], 'how to search', (event) => follow(event, 'form[role=search] a.aside')],
    [['y'], 'copy the address of this page', () => void navigator.clipboard?.writeText(location.href)],
    [['q'], 'back', () => history.back()],
    [['?'], 'these keys', () => help.showModal()],
  ];
  const bindings = [...own, ...everywhere.filter(([keys]) => !keys.some((key) => taken.has(key)))];
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
  return target.closest('input, select, textarea, dialog, [data-keys]') !== null;
}

/** What has the focus is pressed with these keys; rows have a meaning of their own for them. */
function isPressing({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === ' ') return target.closest('button, summary') !== null;
  return key === 'Enter' && target.closest('a:not(.l-row), button, summary') !== null;
}

function focusSearch(event: KeyboardEvent): void {
  const box = document.querySelector<HTMLInputElement>('input[type=search]');
  if (box === null) return;
  event.preventDefault();
  box.focus();
  box.select();
}

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-row]')];

function step(event: KeyboardEvent, by: number): void {
  const all = rows();
  if (all.length === 0) return;
  event.preventDefault();
  const at = all.findIndex((row) => row.classList.contains(CURRENT));
  const next = Math.min(Math.max(at < 0 && by === -1 ? 0 : at + by, 0), all.length - 1);
  all[at]?.classList.remove(CURRENT);
  const row = all[next];
  row?.classList.add(CURRENT);
  row?.scrollIntoView({ block: 'nearest' });
  linkOf(row)?.focus({ preventScroll: true });
}

const currentRow = (): HTMLElement | null => document.querySelector(`[data-row].${CURRENT}`);
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
