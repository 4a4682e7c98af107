/**
 * Live pages: the server says once a second what has been counted, and a page whose own count moved is fetched again
 * and its live parts are exchanged. So a live page is the page, and whatever is captured is escaped in one place.
 *
 *   event stream ──counts──▶ moved? ──paused──▶ "12 new"
 *                              └──────────────▶ fetch this address ──▶ exchange [data-live] parts
 */
interface Counts {
  events: number;
  received: number;
}
type Counted = keyof Counts;

/** Between two fetches: so long at least, and so many times as long as the last one took. */
const REST_MS = 2000;
const REST_FACTOR = 5;

/** Says that parts of the page are new. */
export const EXCHANGED = 'exchanged';

export interface Live {
  toggle(): void;
}

/** Starts where the page has live parts. */
export function startLive(): Live | undefined {
  const first = document.querySelector<HTMLElement>('[data-live]');
  const place = document.querySelector('[data-live-place]');
  const counted = first?.dataset['live'];
  const everyS = Number(first?.dataset['liveEvery'] ?? 0);
  if (place === null || !isCounted(counted) || !('EventSource' in window)) return undefined;
  const page = new LivePage(counted, everyS, place);
  page.listen();
  return page;
}

function isCounted(name: string | undefined): name is Counted {
  return name === 'events' || name === 'received';
}

class LivePage implements Live {
  readonly #counted: Counted;
  readonly #button = document.createElement('button');
  readonly #status = document.createElement('span');
  #seen: number | undefined;
  #latest = 0;
  #isPaused = false;
  #isFetching = false;
  #isOverdue = false;
  #restUntil = 0;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** @param everyS a page that tells time as well is due so often, whatever is counted; 0 = not */
  constructor(counted: Counted, everyS: number, place: Element) {
    this.#counted = counted;
    this.#button.type = 'button';
    this.#button.title = 'Key: p';
    this.#button.addEventListener('click', () => this.toggle());
    this.#status.className = 'quiet';
    this.#status.setAttribute('role', 'status');
    place.append(this.#button, ' ', this.#status);
    if (everyS > 0) setInterval(() => this.#comeDue(), everyS * 1000);
    this.#show();
  }

  listen(): void {
    const stream = new EventSource('/live');
    stream.addEventListener('now', (message: MessageEvent<string>) => this.#take(message.data));
    stream.addEventListener('error', () => this.#say('not connected, trying again'));
    stream.addEventListener('open', () => this.#show());
    document.addEventListener('visibilitychange', () => void this.#update());
  }

  toggle(): void {
    this.#isPaused = !this.#isPaused;
    this.#show();
    void this.#update();
  }

  #take(data: string): void {
    // The stream is our own server's.
    const counts = JSON.parse(data) as Counts;
    this.#latest = counts[this.#counted];
    this.#seen ??= this.#latest;
    this.#show();
    void this.#update();
  }

  #comeDue(): void {
    this.#isOverdue = true;
    void this.#update();
  }

  #isDue(): boolean {
    const isNews = this.#latest !== this.#seen || this.#isOverdue;
    return isNews && !this.#isPaused && !this.#isFetching && !document.hidden && !isInUse();
  }

  async #update(): Promise<void> {
    if (!this.#isDue()) return;
    const restMs = this.#restUntil - performance.now();
    if (restMs > 0) {
      // What is new is shown after the rest, even if no more comes.
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => void this.#update(), restMs);
      return;
    }
    this.#isFetching = true;
    const startedMs = performance.now();
    const upTo = this.#latest;
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (answer.ok && !isInUse()) {
        exchange(new DOMParser().parseFromString(await answer.text(), 'text/html'));
        this.#seen = upTo;
        this.#isOverdue = false;
      }
      this.#show();
    } catch {
      this.#say('not connected, trying again');
    }
    const tookMs = performance.now() - startedMs;
    this.#restUntil = performance.now() + Math.max(REST_MS, tookMs * REST_FACTOR);
    this.#isFetching = false;
    void this.#update();
  }

  #show(): void {
    const waiting = this.#latest - (this.#seen ?? this.#latest);
    this.#button.textContent = this.#isPaused ? 'Resume' : 'Pause';
    this.#button.setAttribute('aria-pressed', String(this.#isPaused));
    // What runs is not announced again and again.
    this.#say(this.#isPaused ? (waiting > 0 ? `paused, ${waiting} new` : 'paused') : 'live');
  }

  #say(text: string): void {
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}

/** Whether somebody marks text or types within a live part, which an exchange would take from them. */
function isInUse(): boolean {
  const selection = document.getSelection();
  const isSelecting = selection !== null && !selection.isCollapsed && isLive(selection.anchorNode);
  const { activeElement } = document;
  const isTyping = activeElement instanceof HTMLInputElement && activeElement.type !== 'checkbox';
  return isSelecting || (isTyping && isLive(activeElement));
}

function isLive(node: Node | null): boolean {
  const element = node instanceof Element ? node : node?.parentElement;
  return element?.closest('[data-live]') !== null && element?.closest('[data-live]') !== undefined;
}

/** Puts the live parts of a page just fetched in the place of ours; what is unfolded, marked and focused stays so. */
function exchange(fetched: Document): void {
  const unfolded = [...document.querySelectorAll<HTMLDetailsElement>('[data-live] details[open]')].map(placeOf);
  const focused = document.activeElement instanceof HTMLElement ? placeOf(document.activeElement) : undefined;
  const marked = [...document.querySelectorAll<HTMLInputElement>(MARKED)].map(({ value }) => value);
  const parts = [...document.querySelectorAll('[data-live]')];
  for (const [n, part] of [...fetched.querySelectorAll('[data-live]')].entries()) parts[n]?.replaceWith(part);
  const boxes = new Map(
    [...document.querySelectorAll<HTMLInputElement>('[data-live] input[type=checkbox]')].map((box) => [box.value, box]),
  );
  for (const value of marked) {
    const box = boxes.get(value);
    if (box !== undefined) box.checked = true;
  }
  for (const place of unfolded) elementAt(place)?.setAttribute('open', '');
  if (focused !== undefined && document.activeElement === document.body) {
    const element = elementAt(focused);
    if (element instanceof HTMLElement) element.focus({ preventScroll: true });
  }
  document.dispatchEvent(new Event(EXCHANGED));
}

const MARKED = '[data-live] input[type=checkbox]:checked';

/** An element by the nearest thing with an id and its number among its like in there. */
interface Place {
  id: string;
  selector: string;
  n: number;
}

function placeOf(element: HTMLElement): Place | undefined {
  const anchor = element.closest('[id]');
  if (anchor === null || anchor.closest('[data-live]') === null) return undefined;
  const selector = element.tagName.toLowerCase();
  return { id: anchor.id, selector, n: [...anchor.querySelectorAll(selector)].indexOf(element) };
}

function elementAt(place: Place | undefined): Element | undefined {
  if (place === undefined) return undefined;
  return document.getElementById(place.id)?.querySelectorAll(place.selector)[place.n];
}
