import type { VNode } from 'preact';
import { Captured, Nothing } from './parts.tsx';

/** A name with a value, and what it consists of. */
export interface Branch {
  name: string;
  /** As captured; empty = its parts say it. */
  value: string;
  /** What it means, or how long it is. */
  note?: string;
  /** What is wrong with it. */
  warning?: string;
  parts?: readonly Branch[];
}

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
  const { parts = [] } = branch;
  if (parts.length === 0) {
    return (
      <li>
        <Line branch={branch} />
      </li>
    );
  }
  return (
    <li>
      <details open>
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

function Line({ branch: { name, value, note = '', warning = '', parts = [] } }: { branch: Branch }): VNode {
  return (
    <span class="line">
      <span class="field">
        <Captured text={name} />
      </span>{' '}
      <span>
        {value === '' && note === '' && parts.length === 0 ? (
          <Nothing />
        ) : (
          <code>
            <Captured text={value} />
          </code>
        )}{' '}
        {note === '' ? undefined : (
          <span class="quiet">
            <Captured text={note} />
          </span>
        )}
        {warning === '' ? undefined : (
          <strong class="warning">
            {' '}
            ▲ <Captured text={warning} />
          </strong>
        )}
      </span>
    </span>
  );
}
