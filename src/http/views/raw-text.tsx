import type { VNode } from 'preact';
import { fieldName } from '../ladder/header-line.ts';
import type { LineWarnings } from '../ladder/lint.ts';
import { visible } from '../show.ts';
import { Captured } from './parts.tsx';

/** Header fields that say what a message is about; the others can be folded away. */
const MAIN = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'content-type',
  'reason',
  'event',
  'subscription-state',
  'refer-to',
  'referred-by',
  'replaces',
  'rack',
  'rseq',
  'warning',
  'expires',
  'p-asserted-identity',
]);

const NO_WARNINGS: LineWarnings = new Map();

/** A message as captured: what cannot be seen is marked, but for the ends of lines. */
export function RawText({ raw, warnings = NO_WARNINGS }: { raw: string; warnings?: LineWarnings }): VNode {
  const lines = raw.split(/\r\n|\n/);
  const blank = lines.indexOf('');
  const body = blank < 0 ? lines.length : blank;
  // A line that goes on belongs to the field it goes on from.
  let isMinor = false;
  return (
    <pre class="raw">
      {lines.map((line, index) => {
        const isHeader = index > 0 && index < body;
        if (!/^[ \t]/.test(line)) isMinor = isHeader && !MAIN.has(fieldName(line));
        const warning = warnings.get(index);
        const text = (
          <>
            {index === 0 ? '' : '\n'}
            {index === 0 ? (
              <strong>
                <Captured text={line} />
              </strong>
            ) : isHeader ? (
              <Parts line={line} at={line.indexOf(':')} name="field" />
            ) : (
              <Parts line={line} at={/^[a-z]=/.test(line) ? 1 : 0} name="sdp" />
            )}
          </>
        );
        if (warning === undefined && !(isHeader && isMinor)) return text;
        return (
          <span
            class={isHeader && isMinor ? 'minor' : undefined}
            data-warning={warning === undefined ? undefined : visible(warning)}
          >
            {text}
          </span>
        );
      })}
    </pre>
  );
}

/** A line whose beginning has a colour. */
function Parts({ line, at, name }: { line: string; at: number; name: string }): VNode {
  if (at <= 0) return <Captured text={line} />;
  return (
    <>
      <span class={name}>
        <Captured text={line.slice(0, at)} />
      </span>
      <Captured text={line.slice(at)} />
    </>
  );
}
