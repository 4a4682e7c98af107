/** The zone of this browser, for who wants times in it wherever that is. */
const FOLLOWS_BROWSER = 'browser:';
const YEAR_S = 31_536_000;

/** Offers the browser's zone where one is chosen, and asks anew for a page that is in the zone of another place. */
export function startZone(): void {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const choice = `${FOLLOWS_BROWSER}${timeZone}`;
  const button = document.querySelector<HTMLButtonElement>('[data-browser-zone]');
  if (button !== null) {
    button.value = choice;
    button.textContent = `This browser: ${timeZone}`;
    button.hidden = false;
  }
  const chosen = /(?:^|; ?)tz=([^;]*)/.exec(document.cookie)?.[1];
  if (chosen === undefined || !chosen.startsWith(FOLLOWS_BROWSER) || chosen === choice) return;
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `tz=${choice}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
  // A browser that keeps no cookies would ask for ever.
  if (document.cookie.includes(choice)) location.reload();
}
