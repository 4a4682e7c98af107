import type { Observer } from '../model/observer.ts';
import type { Call } from './call.ts';

/** Most observers told apart per call; the last bit stands for all further ones. */
const MAX_OBSERVERS = 16;

/**
 * Ids of those who saw it, a line each, in order of appearance: one string is all that an event keeps of them. With one
 * observer, as mostly, it is that one's own.
 */
export function observerLines({ observer, moreObservers }: Observed): string {
  if (observer === undefined) return '';
  if (moreObservers === undefined) return observer.id;
  return [observer, ...moreObservers].map(({ id }) => id).join('\n');
}

interface Observed {
  readonly observer: Observer | undefined;
  readonly moreObservers: readonly Observer[] | undefined;
}

/** The bit of an observer among those of a call, who is noted if new; beyond the most told apart, the last bit. */
export function observerBit(call: Call, observer: Observer): number {
  if (call.observer === observer) return 1;
  // An observer of a snapshot is a mere name, until the one it names reports again.
  if (call.observer === undefined || call.observer.id === observer.id) {
    call.observer = observer;
    return 1;
  }
  const { moreObservers: more } = call;
  if (more === undefined) {
    call.withExtras().moreObservers = [observer];
    return 1 << 1;
  }
  let position = more.indexOf(observer);
  if (position < 0) {
    position = more.findIndex((other) => other.id === observer.id);
    if (position >= 0) more[position] = observer;
  }
  if (position < 0) {
    if (more.length < MAX_OBSERVERS - 1) more.push(observer);
    position = more.length - 1;
  }
  return 1 << (position + 1);
}
