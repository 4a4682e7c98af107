import { COUNTERS, counterByName, type CounterInfo } from '../model/counters.ts';
import type { CounterColumns } from './deps.ts';
import type { Params } from './params.ts';
import { badParameter } from './problem.ts';

/** One counter as pages and the API show it. */
export interface CounterItem {
  group: string;
  name: string;
  value: number;
  max?: number;
  description: string;
}

/** What a text line of a counter shows; bits as in `flags`. */
export const CounterFlag = { FULL_NAME: 1, VALUE: 2, DESCRIPTION: 4, RECURSIVE: 8, NON_ZERO: 16 } as const;

const FLAG_BY_NAME: ReadonlyMap<string, number> = new Map([
  ['fullname', CounterFlag.FULL_NAME],
  ['val', CounterFlag.VALUE],
  ['desc', CounterFlag.DESCRIPTION],
  ['rec', CounterFlag.RECURSIVE],
  ['nz', CounterFlag.NON_ZERO],
  ['nonzero', CounterFlag.NON_ZERO],
]);
const DEFAULT_FLAGS = CounterFlag.FULL_NAME | CounterFlag.VALUE | CounterFlag.RECURSIVE;

export interface CounterChoice {
  infos: readonly CounterInfo[];
  flags: number;
}

/** Which counters a request asks for, and how it wants them written. */
export function counterChoice(params: Params): CounterChoice {
  const flags = flagsOf(params);
  const groups = params.texts('group');
  const names = params.texts('counter');
  if (groups.length === 0 && names.length === 0) return { infos: COUNTERS, flags };
  const chosen = new Set<CounterInfo>();
  for (const group of groups)
    for (const info of membersOf(group, (flags & CounterFlag.RECURSIVE) !== 0)) chosen.add(info);
  for (const name of names) {
    const info = counterByName(name);
    if (info === undefined) throw badParameter('counter', name, notFound(name, 'name'));
    chosen.add(info);
  }
  return { infos: COUNTERS.filter((info) => chosen.has(info)), flags };
}

function flagsOf(params: Params): number {
  const text = params.text('flags') ?? '';
  const nonZero = params.flag('nz') || params.flag('nonzero') ? CounterFlag.NON_ZERO : 0;
  const fallback = params.flag('short') ? DEFAULT_FLAGS : DEFAULT_FLAGS | CounterFlag.DESCRIPTION;
  if (text === '') return fallback | nonZero;
  if (/^(?:\d{1,3}|0x[\da-f]{1,2})$/i.test(text) && Number(text) <= 255) return Number(text) | nonZero;
  const bits = text.split('|').map((name) => FLAG_BY_NAME.get(name));
  return bits.reduce<number>((sum, bit) => {
    if (bit === undefined) {
      const allowed = `a number up to 255, or names joined by |: ${[...FLAG_BY_NAME.keys()].join(', ')}`;
      throw badParameter('flags', text, allowed);
    }
    return sum | bit;
  }, nonZero);
}

function membersOf(group: string, recursive: boolean): CounterInfo[] {
  const found = COUNTERS.filter((info) => info.group === group || (recursive && info.group.startsWith(`${group}.`)));
  if (found.length === 0) throw badParameter('group', group, notFound(group, 'group'));
  return found;
}

/** Says up to where a dotted path is right, and what may follow there. */
function notFound(path: string, kind: 'group' | 'name'): string {
  const parts = path.split('.');
  let known = '';
  for (const part of parts) {
    const next = known === '' ? part : `${known}.${part}`;
    if (!COUNTERS.some((info) => info.group === next || info.group.startsWith(`${next}.`))) break;
    known = next;
  }
  const follows = new Set<string>();
  for (const info of COUNTERS) {
    if (kind === 'name' && info.group === known) follows.add(info.name);
    const prefix = known === '' ? '' : `${known}.`;
    if (info.group.startsWith(prefix) && info.group !== known)
      follows.add(info.group.slice(prefix.length).split('.', 1)[0] ?? '');
  }
  const where = known === '' ? '' : ` after "${known}"`;
  return follows.size === 0
    ? `"${known}", which has no groups in it`
    : `one of these${where}: ${[...follows].join(', ')}`;
}

/** The counters chosen with their values of now. */
export function counterItems(columns: CounterColumns, { infos, flags }: CounterChoice): CounterItem[] {
  const items = infos.map((info) => ({
    group: info.group,
    name: info.name,
    value: columns.values[info.index] ?? 0,
    ...(info.max ? { max: columns.maxima[info.index] ?? 0 } : {}),
    description: info.description,
  }));
  return (flags & CounterFlag.NON_ZERO) === 0
    ? items
    : items.filter((item) => item.value !== 0 || (item.max ?? 0) !== 0);
}

/** Values per unit of time over the whole running time; gauges have none and are left out. */
export function averageItems(
  columns: CounterColumns,
  choice: CounterChoice,
  unitMs: number,
  uptimeMs: number,
): CounterItem[] {
  const monotonic = { ...choice, infos: choice.infos.filter((info) => !info.gauge) };
  return counterItems(columns, monotonic).map((item) => ({
    ...item,
    value: uptimeMs > 0 ? (item.value / uptimeMs) * unitMs : 0,
  }));
}
