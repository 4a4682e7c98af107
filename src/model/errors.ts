/** What an operator or a programmer must fix; `code` is stable, the message is for people. */
export abstract class CollectorError extends Error {
  abstract readonly code: string;
}
