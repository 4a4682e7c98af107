import type { VNode } from 'preact';
import type { CallMessageView } from '../../model/views.ts';
import { diffMessages, markDifference, type DiffRow } from '../ladder/diff.ts';
import { labelOf } from '../ladder/label.ts';
import { messageHref, type PageLink } from './call-ladder.tsx';
import { Captured, TimeOfDay } from './parts.tsx';

/** Two messages of a call that are looked at side by side. */
export interface Comparison {
  left: CallMessageView;
  right: CallMessageView;
  /** The order of header fields does not count. */
  isSorted: boolean;
}

/** Two messages side by side, equal lines on one level, what differs marked within its line. */
export function MessageDiff({ comparison, at }: { comparison: Comparison; at: PageLink }): VNode {
  const { left, right, isSorted } = comparison;
  const { rows, notCompared } = diffMessages(left.raw, right.raw, isSorted);
  const differing = rows.filter(({ kind }) => kind !== 'same').length;
  return (
    <>
      <p class="pager">
        <span>
          {differing === 0 ? 'No line differs' : `${differing} of ${rows.length} lines differ`}
          {notCompared > 0 ? `; ${notCompared} more were not compared` : ''}
        </span>
        <a href={`${at({ sorted: isSorted ? undefined : 1 })}#diff`}>
          {isSorted ? 'Header fields in their order' : 'Whatever the order of header fields'}
        </a>
        <a href={`${at({ diff: undefined, sorted: undefined })}#ladder`}>Close</a>
      </p>
      <div class="scroll" role="region" aria-label="Comparison" tabIndex={0}>
        <table class="diff">
          <thead>
            <tr>
              <DiffHead message={left} />
              <DiffHead message={right} />
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <DiffLine row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function DiffHead({ message }: { message: CallMessageView }): VNode {
  return (
    <th scope="col">
      <TimeOfDay us={message.atUs} />{' '}
      <a href={messageHref(message)}>
        <Captured text={labelOf(message)} />
      </a>
    </th>
  );
}

function DiffLine({ row: { kind, left, right } }: { row: DiffRow }): VNode {
  return (
    <tr class={kind}>
      <td>{kind === 'changed' ? <Marked line={left} other={right} name="del" /> : <Captured text={left} />}</td>
      <td>{kind === 'changed' ? <Marked line={right} other={left} name="ins" /> : <Captured text={right} />}</td>
    </tr>
  );
}

function Marked({ line, other, name: Name }: { line: string; other: string; name: 'del' | 'ins' }): VNode {
  const { before, marked, after } = markDifference(line, other);
  return (
    <>
      <Captured text={before} />
      {marked === '' ? undefined : (
        <Name>
          <Captured text={marked} />
        </Name>
      )}
      <Captured text={after} />
    </>
  );
}
