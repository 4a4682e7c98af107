import type { VNode } from 'preact';
import type { Branch } from '../decoded/branch.ts';
import { Captured, Nothing } from './parts.tsx';

/** Branches below one another; those with parts can be folded, with the means of a browser. */
export function Tree({ branches, label }: { branches: readonly Branch[]; label: string }): VNode {
  return (
    <ul class="tree" aria-label={label}>
      {branches.map((branch) => (
        <Item branch={branch} />
      ))}
    </ul>
  );
}

function Item({ branch }: { branch: Branch }): VNode {
  const { parts, isMain } = branch;
  if (parts.length === 0) {
    return (
      <li>
        <Line branch={branch} />
      </li>
    );
  }
  return (
    <li>
      <details open={isMain}>
        <summary>
          <Line branch={branch} />
        </summary>
        <ul>
          {parts.map((part) => (
            <Item branch={part} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Line({ branch: { name, value, note, warning, parts } }: { branch: Branch }): VNode {
  return (
    <span class="line">
      <span class="field">
        <Captured text={name} />
      </span>{' '}
      <span>
        {value === '' ? undefined : (
          <code>
            <Captured text={value} />
          </code>
        )}
        {note === '' ? undefined : (
          <span class="quiet">
            {' '}
            <Captured text={note} />
          </span>
        )}
        {warning === '' ? undefined : (
          <strong class="warn">
            {' '}
            ▲ <Captured text={warning} />
          </strong>
        )}
        {value === '' && note === '' && parts.length === 0 ? <Nothing /> : undefined}
      </span>
    </span>
  );
}
