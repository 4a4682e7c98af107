import { COUNTERS, type CounterInfo } from './counters.ts';

/** Names of all groups in the order of declaration. A nested group (`ingest.refused`) follows its parent. */
export const COUNTER_GROUPS: readonly string[] = [...new Set(COUNTERS.map((info) => info.group))];

/** Groups picked by name, or the sentence that says which name is unknown. */
export type GroupChoice = { readonly groups: readonly string[] } | { readonly error: string };

/**
 * Resolves dot paths of counter groups. `all` and `*` pick everything and end the list, `none` and `-` pick nothing.
 *
 * @param recursive whether a group brings the groups below it
 */
export function resolveGroups(paths: readonly string[], recursive = true): GroupChoice {
  const picked = new Set<string>();
  for (const path of paths) {
    if (path === 'all' || path === '*') return { groups: COUNTER_GROUPS };
    if (path === 'none' || path === '-') continue;
    const below = COUNTER_GROUPS.filter((group) => group === path || (recursive && group.startsWith(`${path}.`)));
    if (below.length === 0) return { error: groupNotFound(path) };
    for (const group of below) picked.add(group);
  }
  return { groups: COUNTER_GROUPS.filter((group) => picked.has(group)) };
}

/** Counters picked by full name (`group.name`), or the sentence that says what is unknown. */
export function resolveCounters(
  paths: readonly string[],
): { readonly counters: readonly CounterInfo[] } | { readonly error: string } {
  const counters: CounterInfo[] = [];
  for (const path of paths) {
    const found = COUNTERS.find((info) => `${info.group}.${info.name}` === path);
    if (found !== undefined) {
      counters.push(found);
      continue;
    }
    const dot = path.lastIndexOf('.');
    const group = path.slice(0, Math.max(dot, 0));
    return COUNTER_GROUPS.includes(group)
      ? { error: `counter name not found after "${group}": ${path.slice(dot + 1)}` }
      : { error: groupNotFound(group === '' ? path : group) };
  }
  return { counters };
}

/** "counter group not found after "known part": unknown rest". */
function groupNotFound(path: string): string {
  const parts = path.split('.');
  let known = 0;
  while (known < parts.length && isGroupOrParent(parts.slice(0, known + 1).join('.'))) known++;
  return `counter group not found after "${parts.slice(0, known).join('.')}": ${parts.slice(known).join('.')}`;
}

function isGroupOrParent(path: string): boolean {
  return COUNTER_GROUPS.some((group) => group === path || group.startsWith(`${path}.`));
}
