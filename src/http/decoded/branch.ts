import { displayText } from '../../model/text.ts';

/** Something with a name and a value, and what it consists of. */
export interface Branch {
  name: string;
  /** For people to read; empty = its parts say it. */
  value: string;
  /** What it means. */
  note: string;
  /** What is wrong with it. */
  warning: string;
  parts: readonly Branch[];
  /** Its parts are what one looks for first. */
  isMain: boolean;
}

/** A branch of captured text, one character for each octet. */
export function branch(name: string, text: string, note = '', parts: readonly Branch[] = []): Branch {
  return { name: displayText(name), value: displayText(text), note, warning: '', parts, isMain: false };
}

/** A branch that is only there for its parts. */
export function group(name: string, parts: readonly Branch[], note = ''): Branch {
  return { ...branch(name, '', note, parts), isMain: true };
}

/** Branches of those that are there: what is empty says nothing. */
export function present(branches: readonly Branch[]): Branch[] {
  return branches.filter(({ value, parts }) => value !== '' || parts.length > 0);
}

/** The same tree with its first branches only, counted in the order in which they are read; the last says so. */
export function firstOf(branches: readonly Branch[], most: number): Branch[] {
  let left = most;
  const keep = (some: readonly Branch[]): Branch[] => {
    const kept: Branch[] = [];
    for (const each of some) {
      if (left === 0) return kept;
      left--;
      kept.push(each.parts.length === 0 ? each : { ...each, parts: keep(each.parts) });
    }
    return kept;
  };
  const kept = keep(branches);
  return left > 0 ? kept : [...kept, branch('...', '', `the first ${most} parts`)];
}

/** A branch in a list, and how deep it is in its tree. */
export type FlatBranch = Pick<Branch, 'name' | 'value' | 'note' | 'warning'> & { depth: number };

/** The same as a list, in the order in which it is read. */
export function flat(branches: readonly Branch[], depth = 0): FlatBranch[] {
  return branches.flatMap(({ name, value, note, warning, parts }) => [
    { depth, name, value, note, warning },
    ...flat(parts, depth + 1),
  ]);
}
