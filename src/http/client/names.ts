import { rememberChoice } from './choices.ts';
import type { Binding } from './keys.ts';

/** Makes the button that changes between names of addresses and the addresses, where there are names. */
export function startNames(): Binding[] {
  const place = document.querySelector<HTMLElement>('[data-names-place]');
  if (place === null) return [];
  const now = place.dataset['namesPlace'] ?? '';
  const change = (): void => {
    rememberChoice('names', now === 'aliases' ? 'addresses' : 'aliases');
    location.reload();
  };
  const button = document.createElement('button');
  button.type = 'button';
  button.title = 'Key: a';
  button.textContent = `Shown: ${now}`;
  button.addEventListener('click', change);
  place.append(button);
  return [[['a'], 'names of addresses, or the addresses', change]];
}
