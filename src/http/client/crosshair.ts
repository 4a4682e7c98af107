const AT = 'at';

/** The step of one chart that is pointed at is marked in all of them, and their legends tell its values. */
export function startCrosshair(): void {
  let shown: string | undefined;
  document.addEventListener('pointerover', ({ target }) => {
    const at = target instanceof Element ? target.closest<SVGElement>('.chart [data-at]')?.dataset['at'] : undefined;
    if (at === shown) return;
    shown = at;
    for (const chart of document.querySelectorAll('.chart')) show(chart, at);
  });
}

function show(chart: Element, at: string | undefined): void {
  chart.querySelector(`.${AT}`)?.classList.remove(AT);
  const step = at === undefined ? null : chart.querySelector(`[data-at="${at}"]`);
  step?.classList.add(AT);
  const values = step === null ? undefined : valuesOf(step.querySelector('title')?.textContent ?? '');
  for (const figure of chart.querySelectorAll<HTMLElement>('[data-series]')) {
    const last = (figure.dataset['last'] ??= figure.textContent);
    // What there is none of in a step is not said there.
    figure.textContent = values === undefined ? last : (values.get(figure.dataset['series']) ?? '0');
  }
}

/** The lines of what a step says on hover: its time, then `name: value` for each series. */
function valuesOf(text: string): Map<string | undefined, string> {
  const lines = text.split('\n').slice(1);
  return new Map(
    lines.map((line) => {
      const colon = line.lastIndexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
}
