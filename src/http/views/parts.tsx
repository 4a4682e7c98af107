import { type ComponentChildren, createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { NO_ALIASES } from '../../model/alias.ts';
import { formatDuration } from '../../model/duration.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { EndpointView, Page } from '../../model/views.ts';
import {
  escapeOf,
  isoMicros,
  link,
  type Parameters,
  splitUnseen,
  tableTime,
  timeOfDay,
  visible,
  zonedIso,
  zoneMark,
} from '../show.ts';
import type { Hint } from '../why.ts';
import { useZone, useZoneParameter } from './zone.tsx';

/** Captured text: set apart in direction from what is around it, unseen characters shown as marked escapes. */
export function Captured({ text }: { text: string }): VNode {
  const parts = splitUnseen(text);
  if (parts.length === 1) return <bdi>{text}</bdi>;
  // Odd places hold the single unseen characters.
  return <bdi>{parts.map((part, at) => (at % 2 === 1 ? <span class="unseen">{escapeOf(part)}</span> : part))}</bdi>;
}

/** Captured text that is alone in its cell, which sets it apart already: where there are very many, without an element. */
export function cellText(text: string): string | VNode {
  return splitUnseen(text).length === 1 ? text || '–' : <Captured text={text} />;
}

/** Captured text that leads somewhere; empty text is a dash without a link. */
export function CapturedLink({ text, href, opens }: { text: string; href: string; opens?: boolean }): VNode {
  if (text === '') return <Nothing />;
  return (
    <a href={href} title={visible(text)} data-open={opens === true ? '' : undefined}>
      <Captured text={text} />
    </a>
  );
}

/** What a change has just done. */
export function Applied({ what }: { what: string | undefined }): VNode | null {
  if (what === undefined) return null;
  return (
    <p class="done" role="status">
      Applied: <Captured text={what} />
    </p>
  );
}

export function Nothing(): VNode {
  return <span class="nothing">–</span>;
}

/** An instant on the clocks of the page's zone, which is told beside it. */
export function Time({ us }: { us: number }): VNode {
  const zone = useZone();
  const iso = isoMicros(us);
  if (iso === '' || us === 0) return <Nothing />;
  return (
    <time dateTime={iso} title={zonedIso(us, zone)}>
      {tableTime(us, zone)} <small>{zoneMark(us, zone)}</small>
    </time>
  );
}

/** As `Time`, as text alone. */
export function PlainTime({ us }: { us: number }): VNode {
  const zone = useZone();
  return <>{us === 0 ? '–' : `${tableTime(us, zone)} ${zoneMark(us, zone)}`}</>;
}

/** As `Time`, where the day is told elsewhere. */
export function TimeOfDay({ us }: { us: number }): VNode {
  const zone = useZone();
  return (
    <time dateTime={isoMicros(us)} title={zonedIso(us, zone)}>
      {timeOfDay(us, zone)} <small>{zoneMark(us, zone)}</small>
    </time>
  );
}

/** A duration at a glance: the longer it is, the less its last digits say. */
export function Milliseconds({ ms }: { ms: number | null }): VNode {
  if (ms === null) return <Nothing />;
  return <span title={formatDuration(ms)}>{roundedText(ms)}</span>;
}

export function roundedText(ms: number): string {
  const step = ms >= 60_000 ? 1000 : ms >= 1000 ? 10 : ms >= 1 ? 1 : 0.001;
  return formatDuration(Math.round(ms / step) * step);
}

export function endpointText(endpoint: EndpointView): string {
  return formatEndpoint(endpoint.ip, endpoint.port);
}

export function Transport({ name }: { name: string }): VNode {
  return (
    <span class="quiet">
      <Captured text={name} />
    </span>
  );
}

/** Names of addresses; none where the reader wants the addresses themselves. */
export const NamesContext = createContext(NO_ALIASES);

/** An address by its name, where it has one, with the address in its title. */
export function Named({ ip, port, address }: EndpointView & { address: string }): VNode {
  const name = useContext(NamesContext).nameOf(ip, port);
  if (name === undefined) return <Captured text={address} />;
  return (
    <span class="alias" title={visible(address)}>
      <Captured text={name} />
    </span>
  );
}

export function Endpoint({ at }: { at: EndpointView }): VNode {
  return <Named {...at} address={endpointText(at)} />;
}

/** Where a message went, from and to; addresses stay whole when the line breaks. */
export function Path({ src, dst }: { src: EndpointView; dst: EndpointView }): VNode {
  return (
    <span class="path">
      <Endpoint at={src} /> <span aria-label="to">→</span> <Endpoint at={dst} />
    </span>
  );
}

export type Tone = 'good' | 'busy' | 'bad' | 'odd' | 'calm';

/** A state: the word says it, the tone and its sign repeat it. */
export function Pill({ text, tone, href }: { text: string; tone: Tone; href?: string }): VNode {
  const className = `pill ${tone}`;
  return href === undefined ? (
    <span class={className}>
      <Captured text={text} />
    </span>
  ) : (
    <a class={className} href={href}>
      <Captured text={text} />
    </a>
  );
}

export function Hints({
  hints,
  tone,
  title,
}: {
  hints: readonly Hint[];
  tone: 'warning' | 'empty';
  title: string;
}): VNode {
  return (
    <aside class={`hints ${tone}`} aria-label={title}>
      <strong>{title}</strong>
      <ul>
        {hints.map((hint) => (
          <li>
            <Captured text={hint.text} />
            {hint.href === undefined ? undefined : (
              <>
                {' '}
                <a href={hint.href}>{linkText(hint.href)}</a>
              </>
            )}
          </li>
        ))}
      </ul>
    </aside>
  );
}

function linkText(href: string): string {
  const path = href.split('?', 1)[0] ?? href;
  return path === href ? path : `${path}…`;
}

/** Heading of a column; numbers stand to the right. */
export type Column = string | { number: string };

/** A table that scrolls sideways inside its frame and becomes a list of cards on a narrow screen. */
export function Table({
  head,
  children,
  caption,
}: {
  head: readonly Column[];
  children: ComponentChildren;
  caption: string;
}): VNode {
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <TableHead head={head} />
        {children}
      </table>
    </div>
  );
}

export function TableHead({ head }: { head: readonly Column[] }): VNode {
  return (
    <thead>
      <tr>
        {head.map((column) => (
          <th scope="col" class={typeof column === 'string' ? undefined : 'number'}>
            {typeof column === 'string' ? column : column.number}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** One cell; the label names the column where there is no heading row. */
export function Cell({
  label,
  number,
  brief,
  children,
}: {
  label: string;
  /** Aligned to the right. */
  number?: boolean;
  /** Stays on one line. */
  brief?: boolean;
  children: ComponentChildren;
}): VNode {
  return (
    <td data-label={label} class={number === true ? 'number' : brief === true ? 'brief' : undefined}>
      {children}
    </td>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Which part of a list is shown, and the way to the rest. */
export function Pager({
  page,
  count = page.items.length,
  path,
  parameters,
  children,
}: {
  page: Page<unknown>;
  /** How many are shown, where the page no longer has them. */
  count?: number;
  path: string;
  parameters: Parameters;
  /** What else is to be said of the list. */
  children?: ComponentChildren;
}): VNode {
  const { offset, limit, matched, total } = page;
  const last = offset + count;
  const zoned = useZoneParameter();
  const at = (start: number): string => link(path, { ...parameters, ...zoned, n: limit, s: start });
  return (
    <p class="pager">
      <span>
        {count === 0 ? `0 of ${matched}` : `${offset + 1}–${last} of ${matched}`}
        {matched === total ? '' : ` matching, ${total} in all`}
        {count >= limit && last < matched ? (
          <>
            , <strong>limit of {limit} reached</strong>
          </>
        ) : undefined}
      </span>
      {children}
      {offset > 0 ? (
        <a rel="prev" href={at(Math.max(0, offset - limit))}>
          ← Previous
        </a>
      ) : undefined}
      {count > 0 && last < matched ? (
        <a rel="next" href={at(last)}>
          Next →
        </a>
      ) : undefined}
    </p>
  );
}

/** A form that asks for a list: field, text, switch, size. */
export function FilterForm({
  action,
  fields,
  filter,
  limit,
  offset,
  describe,
}: {
  action: string;
  fields: readonly string[];
  filter: { field: string; value: string; regexp: boolean } | undefined;
  limit: number;
  /** Given where the start can be chosen. */
  offset?: number;
  describe: (field: string) => string;
}): VNode {
  return (
    <form class="filter" method="get" action={action}>
      <label>
        <span>Field</span>
        <select name="filter">
          {fields.map((field) => (
            <option value={field} selected={field === filter?.field}>
              {describe(field)}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        <span>contains</span>
        <input type="search" name="val" value={filter?.value ?? ''} autocomplete="off" spellcheck={false} />
      </label>
      <label class="check">
        <input type="checkbox" name="re" value="1" checked={filter?.regexp === true} />
        <span>Regular expression</span>
      </label>
      <label>
        <span>At most</span>
        <input type="number" name="n" min="1" max="100000" value={limit} />
      </label>
      {offset === undefined ? undefined : (
        <label>
          <span>From index</span>
          <input type="number" name="s" min="0" value={offset} />
        </label>
      )}
      <button type="submit">Search</button>
    </form>
  );
}
