import { COUNTERS } from './counters.ts';

/** Reads a counter by its index: a total, a rate or an average. */
export type ReadCounter = (index: number) => number;

/** What `/counters` shows of each counter, as its `flags` parameter says. */
export interface CounterFlags {
  /** Name with its group. */
  fullName: boolean;
  value: boolean;
  description: boolean;
  /** A group brings the groups below it. */
  recursive: boolean;
  /** Counters at zero are left out. */
  nonZero: boolean;
}

/** Names of the flags, and the bit each has when the flags are given as a number. */
const FLAG_NAMES: readonly (readonly [name: string, flag: keyof CounterFlags, bit: number])[] = [
  ['fullname', 'fullName', 1],
  ['val', 'value', 2],
  ['desc', 'description', 4],
  ['rec', 'recursive', 8],
  ['nz', 'nonZero', 16],
  ['nonzero', 'nonZero', 16],
];

/** The default: everything; `short` leaves out the descriptions. */
export function defaultCounterFlags(short: boolean): CounterFlags {
  return { fullName: true, value: true, description: !short, recursive: true, nonZero: false };
}

/** Reads `fullname|val|desc|rec|nz`, or their sum as a decimal number up to 255 or a hexadecimal one. */
export function parseCounterFlags(text: string): CounterFlags | undefined {
  const flags: CounterFlags = { fullName: false, value: false, description: false, recursive: false, nonZero: false };
  if (/^(\d{1,3}|0x[0-9a-f]{1,8})$/i.test(text)) {
    const bits = Number(text);
    if (/^\d+$/.test(text) && bits > 255) return undefined;
    for (const [, flag, bit] of FLAG_NAMES) flags[flag] = (bits & bit) !== 0;
    return flags;
  }
  for (const name of text.split('|')) {
    const found = FLAG_NAMES.find(([known]) => known === name.trim().toLowerCase());
    if (found === undefined) return undefined;
    flags[found[1]] = true;
  }
  return flags;
}

const NAME_WIDTH = 30;
const NUMBER_WIDTH = 6;

/**
 * One line per counter: name, value, running maximum where one is kept, description; an empty line after each group.
 *
 * @param groups exact group names, as `resolveGroups` answers them
 */
export function countersText(
  groups: readonly string[],
  flags: CounterFlags,
  read: ReadCounter,
  readMax: ReadCounter,
): string {
  let text = '';
  for (const group of groups) {
    const shown = COUNTERS.filter((info) => info.group === group && !(flags.nonZero && read(info.index) === 0));
    for (const info of shown) {
      text += (flags.fullName ? `${group}.${info.name}` : info.name).padEnd(NAME_WIDTH);
      if (flags.value) {
        text += `: ${number(read(info.index))}`;
        if (info.max) text += `        M: ${number(readMax(info.index))}`;
      }
      text += flags.description ? `\t\t${info.description}\n` : '\n';
    }
    if (shown.length > 0) text += '\n';
  }
  return text;
}

function number(value: number): string {
  return String(value).padStart(NUMBER_WIDTH);
}
