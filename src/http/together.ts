import { badParameter } from './problem.ts';
import { callHref, link } from './show.ts';

/** Calls that the page of another one draws with it. */
const MAX_OTHERS = 8;

/** The page of the first of some calls, drawn with the others; Call-IDs as forms have them, see `encodedCallId`. */
export function togetherHref(callIds: readonly string[]): string {
  const [first = '', ...others] = [...new Set(callIds.map(decoded))];
  if (first === '') throw badParameter('id', '', 'the Call-ID of a call');
  if (others.length > MAX_OTHERS) {
    throw badParameter('id', `${others.length + 1} calls`, `at most ${MAX_OTHERS} besides the first`);
  }
  return link(callHref(first), { with: others.length === 0 ? undefined : others.join(' ') });
}

function decoded(callId: string): string {
  try {
    return decodeURIComponent(callId);
  } catch {
    throw badParameter('id', callId, 'a Call-ID, percent-encoded');
  }
}
