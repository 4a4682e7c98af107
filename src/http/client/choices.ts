const YEAR_S = 31_536_000;

/** Keeps a choice as a cookie, so that the server draws the next page right at once. */
export function rememberChoice(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=strict`;
}
