import type { Params } from './params.ts';
import { badParameter } from './problem.ts';
import { callHref, link } from './show.ts';

/** Calls that are shown beside another one, as if they were legs of it. */
export const MAX_WITH = 8;

export function togetherWith(params: Params): string[] {
  return bounded('with', params.texts('with'));
}

/** The page of the first of some calls, the others beside it; Call-IDs as forms have them, see `encodedCallId`. */
export function togetherHref(callIds: readonly string[]): string {
  const [first = '', ...others] = [...new Set(callIds.map(decoded))];
  if (first === '') throw badParameter('id', '', 'the Call-ID of a call');
  return link(callHref(first), { with: bounded('id', others) });
}

function decoded(callId: string): string {
  try {
    return decodeURIComponent(callId);
  } catch {
    throw badParameter('id', callId, 'a Call-ID, percent-encoded');
  }
}

function bounded(parameter: string, callIds: readonly string[]): string[] {
  const distinct = [...new Set(callIds)];
  if (distinct.length > MAX_WITH)
    throw badParameter(parameter, `${distinct.length} calls`, `at most ${MAX_WITH} besides the first`);
  return distinct;
}
