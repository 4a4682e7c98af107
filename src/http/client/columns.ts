/** Heads of a ladder, dragged beside another, take their column there: the page is drawn again in that order. */
export function moveColumns(frame: HTMLElement): void {
  const heads = [...frame.querySelectorAll<SVGElement>('[data-column]')];
  let dragged: SVGElement | undefined;
  frame.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Element && event.target.closest('a') !== null) return;
    dragged = heads.find((head) => head.contains(event.target instanceof Node ? event.target : null));
  });
  document.addEventListener('pointerup', ({ clientX }) => {
    const moved = dragged;
    dragged = undefined;
    if (moved === undefined) return;
    const others = heads.filter((head) => head !== moved);
    const at = others.filter((head) => middleOf(head) < clientX).length;
    if (at === heads.indexOf(moved)) return;
    others.splice(at, 0, moved);
    const place = new URL(location.href);
    place.searchParams.set('order', others.map((head) => head.dataset['column'] ?? '').join(','));
    place.hash = 'ladder';
    location.assign(place);
  });
}

function middleOf(head: Element): number {
  const { left, width } = head.getBoundingClientRect();
  return left + width / 2;
}
