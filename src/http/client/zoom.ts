const CHOSEN = 'chosen';

/** Drawing over the bars of a histogram leads to the time they cover; the address for that stands at the figure. */
export function startZoom(): void {
  let from: Element | undefined;
  let chosen: Element[] = [];
  document.addEventListener('pointerdown', (event) => {
    from = event.button === 0 ? barAt(event.target) : undefined;
  });
  // A link that is drawn away from would be dragged.
  document.addEventListener('dragstart', (event) => {
    if (barAt(event.target) !== undefined) event.preventDefault();
  });
  document.addEventListener('pointermove', (event) => {
    const to = from === undefined ? undefined : barAt(document.elementFromPoint(event.clientX, event.clientY));
    if (to === undefined) return;
    mark(chosen, false);
    chosen = between(from, to);
    mark(chosen, true);
  });
  document.addEventListener('pointerup', () => {
    const [first, last] = [chosen[0], chosen.at(-1)];
    from = undefined;
    mark(chosen, false);
    chosen = [];
    const address = first?.closest<HTMLElement>('[data-zoom]')?.dataset['zoom'];
    if (address === undefined || first === last) return;
    location.assign(address.replace('FROM', timeOf(first, 'from')).replace('TO', timeOf(last, 'to')));
  });
}

function barAt(target: EventTarget | null): Element | undefined {
  return target instanceof Element ? (target.closest('[data-zoom] a') ?? undefined) : undefined;
}

function between(one: Element | undefined, other: Element): Element[] {
  const bars = [...(other.parentElement?.children ?? [])];
  const [a, b] = [one === undefined ? -1 : bars.indexOf(one), bars.indexOf(other)];
  return a < 0 ? [] : bars.slice(Math.min(a, b), Math.max(a, b) + 1);
}

function mark(bars: readonly Element[], isChosen: boolean): void {
  for (const bar of bars) bar.classList.toggle(CHOSEN, isChosen);
}

function timeOf(bar: Element | undefined, end: 'from' | 'to'): string {
  return encodeURIComponent(bar?.getAttribute(`data-${end}`) ?? '');
}
