import { rememberChoice } from './choices.ts';

/** Themes in the order the button goes through; `system` follows the browser. */
const THEMES = ['system', 'light', 'dark'] as const;

/** Makes the button for the theme. The choice is remembered. */
export function startTheme(): void {
  const place = document.querySelector('[data-theme-place]');
  if (place === null) return;
  const button = document.createElement('button');
  button.type = 'button';
  const root = document.documentElement;
  const now = (): string => root.dataset['theme'] ?? 'system';
  const show = (): void => {
    button.textContent = `Theme: ${now()}`;
  };
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.findIndex((theme) => theme === now()) + 1) % THEMES.length] ?? 'system';
    if (next === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = next;
    rememberChoice('theme', next);
    show();
  });
  show();
  place.append(button);
}
