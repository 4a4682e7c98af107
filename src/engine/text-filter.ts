import { RE2JS } from 're2js';
import { EngineRequestError, type TextFilter } from '../model/engine.ts';

const MAX_PATTERN = 256;

/**
 * Makes the test a filter stands for: a substring, or an RE2 expression, whose running time is linear in the text
 * whatever the expression, so that no query can hold the engine up.
 *
 * @throws EngineRequestError when the expression is malformed or too long
 */
export function textTest(filter: TextFilter<string>, ignoreCase: boolean): (text: string) => boolean {
  if (filter.value.length > MAX_PATTERN) {
    throw new EngineRequestError(`${filter.field}: ${filter.value.length} characters, at most ${MAX_PATTERN} allowed`);
  }
  if (!filter.regexp) {
    if (!ignoreCase) return (text) => text.includes(filter.value);
    const lower = filter.value.toLowerCase();
    return (text) => text.toLowerCase().includes(lower);
  }
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(filter.value, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineRequestError(`${filter.field}: bad regular expression "${filter.value}": ${why}`);
  }
  return (text) => expression.matcher(text).find();
}
