import { quoted } from '../model/text.ts';
import { ConfigError } from './config-error.ts';
import { findOption, OPTION_NAMES, optionOf, type OptionName } from './schema.ts';

/** Switches that are no options of the schema: they name a file or ask for something else than running. */
export type Switch = 'help' | 'version' | 'print-config' | 'config';

const SWITCHES: ReadonlyMap<string, Switch> = new Map([
  ['help', 'help'],
  ['h', 'help'],
  ['version', 'version'],
  ['print-config', 'print-config'],
  ['print_config', 'print-config'],
  ['config', 'config'],
]);

/** One argument of the command line, with the value that follows it taken along. */
export type Argument =
  | { readonly type: 'option'; readonly name: OptionName; readonly given: string; readonly value: string | undefined }
  | { readonly type: 'switch'; readonly name: Switch; readonly value: string | undefined }
  | { readonly type: 'unknown'; readonly given: string }
  | { readonly type: 'word'; readonly given: string };

/**
 * Cuts a command line in the way of Go's `flag`: one dash or two, `-name value`, `-name=value`, and flags without a
 * value. Says what is there and judges nothing: a value may be missing (`undefined`) and a name unknown.
 */
export function splitArguments(argv: readonly string[]): Argument[] {
  const found: Argument[] = [];
  for (let at = 0; at < argv.length; at++) {
    const text = argv[at] ?? '';
    const match = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(text);
    if (match === null) {
      found.push({ type: 'word', given: text });
      continue;
    }
    const [, given = '', attached] = match;
    const option = findOption(given, true);
    const known = SWITCHES.get(given);
    if (option !== undefined) {
      const flag = optionOf(option).kind.flag === true;
      found.push({ type: 'option', name: option, given, value: attached ?? (flag ? 'true' : argv[++at]) });
    } else if (known !== undefined) {
      found.push({ type: 'switch', name: known, value: attached ?? (known === 'config' ? argv[++at] : undefined) });
    } else {
      found.push({ type: 'unknown', given });
    }
  }
  return found;
}

/** The complaint about a name that is no option, with the name that was probably meant. */
export function unknownOption(given: string, where: string, what = 'option'): ConfigError {
  const near = OPTION_NAMES.find((name) => isNear(given.toLowerCase().replaceAll('-', '_'), name));
  const hint = near === undefined ? '"sipcol --help" lists all of them' : `did you mean ${near}?`;
  return new ConfigError(`Unknown ${what} ${quoted(given)} (${where}): ${hint}`);
}

/** Whether one insertion, deletion, substitution or swap of neighbours (or none) makes the two equal. */
function isNear(given: string, name: string): boolean {
  if (given === name) return true;
  let at = 0;
  while (at < given.length && given[at] === name[at]) at++;
  const rest = given.slice(at);
  const wanted = name.slice(at);
  return (
    rest.slice(1) === wanted ||
    rest === wanted.slice(1) ||
    rest.slice(1) === wanted.slice(1) ||
    (rest[0] === wanted[1] && rest[1] === wanted[0] && rest.slice(2) === wanted.slice(2))
  );
}
