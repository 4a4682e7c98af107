import type { ComponentChildren, VNode } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { timeOfDay, visible, zonedIso, zoneMark } from '../show.ts';
import { useZone, ZoneContext } from '../views/zone.tsx';
import type { TimeMode } from './choice.ts';
import { type Column, type Ladder, type LadderRow, legName, portsText, type RowTone } from './model.ts';
import { pause, signedSeconds } from './times.ts';

/**
 * The ladder as a picture. Colours stand in presentation attributes, so that the picture is complete as a file; the
 * style sheet of the pages overrules them by class. Colour never says anything alone: labels and dashes repeat it.
 */
const GUTTER = 140;
const HEAD = 58;
const ROW = 46;
const MARGIN = 14;
/** Rows of one part. */
const PART_ROWS = 40;
/** Advance of the text's font at its size, a little generous. */
const CHARACTER = 6.7;
const SMALL_CHARACTER = 5.9;

const INK: Readonly<Record<RowTone, string>> = {
  invite: '#0a569c',
  request: '#0f6b6b',
  s1: '#5b6573',
  s2: '#0b6b34',
  s3: '#6b3fa0',
  s4: '#a85b00',
  s5: '#a3161d',
  s6: '#a3161d',
  ghost: '#a3161d',
};
/** Colours of legs, transactions or dialogs; they come round again. */
const HUES = ['#0a569c', '#0f6b6b', '#6b3fa0', '#7a4d00', '#0b6b34', '#a3161d', '#465262'];
const hueOf = (number: number): number => number % HUES.length;
export const hueClass = (number: number): string => `hue${hueOf(number)}`;
/** Class and ink of a row. */
export const toneClass = ({ tone, hue }: LadderRow): string => (hue === undefined ? tone : hueClass(hue));
const inkOf = ({ tone, hue }: LadderRow): string => (hue === undefined ? INK[tone] : HUES[hueOf(hue)]) ?? INK.request;
const DASHES: Readonly<Partial<Record<RowTone, string>>> = {
  s1: '1 3',
  s3: '8 3',
  s4: '8 4',
  s5: '8 4',
  s6: '8 4',
  ghost: '3 5',
};

/** Where things stand in the picture. */
interface Geometry {
  spacing: number;
  width: number;
  at: (column: number) => number;
}

function geometryOf({ columns }: Ladder): Geometry {
  const spacing = columns.length <= 3 ? 330 : columns.length <= 5 ? 240 : 190;
  return {
    spacing,
    width: GUTTER + Math.max(1, columns.length) * spacing + MARGIN,
    at: (column) => GUTTER + spacing / 2 + column * spacing,
  };
}

/** Rows in pieces of `PART_ROWS`. */
function partsOf({ rows }: Ladder): LadderRow[][] {
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / PART_ROWS)) }, (_, part) =>
    rows.slice(part * PART_ROWS, (part + 1) * PART_ROWS),
  );
}

function nameOf({ columns, rows }: Ladder): string {
  const messages = rows.filter((row) => row.message !== undefined).length;
  return `Ladder: ${messages} messages between ${columns.length} endpoints; the table below says the same`;
}

function Picture({
  className,
  name,
  width,
  height,
  children,
}: {
  className: string;
  name: string | undefined;
  width: number;
  height: number;
  children: ComponentChildren;
}): VNode {
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      class={className}
      role={name === undefined ? undefined : 'group'}
      aria-label={name}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      font-family="system-ui, 'Segoe UI', 'Noto Sans', sans-serif"
      font-size="12"
    >
      <rect class="l-paper" width={width} height={height} fill="#ffffff" />
      {children}
    </svg>
  );
}

/** The ladder as a file of its own: the heads stand above every part, as nothing keeps them in sight. */
export function ladderFile(ladder: Ladder, time: TimeMode, zone: Zone): string {
  const { columns, rows } = ladder;
  const { width, at, spacing } = geometryOf(ladder);
  const parts = partsOf(ladder);
  const picture = (
    <Picture
      className="ladder"
      name={nameOf(ladder)}
      width={width}
      height={parts.length * HEAD + rows.length * ROW + MARGIN}
    >
      {parts.map((part, index) => (
        <g transform={`translate(0 ${index * (HEAD + PART_ROWS * ROW)})`}>
          <ClockHead ladder={ladder} />
          {columns.map((column, c) => (
            <Head column={column} x={at(c)} width={spacing - 24} />
          ))}
          <g transform={`translate(0 ${HEAD})`}>
            <Part ladder={ladder} rows={part} time={time} />
          </g>
        </g>
      ))}
    </Picture>
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderToStaticMarkup(
    <ZoneContext.Provider value={{ zone, isAsked: false, followsBrowser: false }}>{picture}</ZoneContext.Provider>,
  )}\n`;
}

interface DrawingProps {
  ladder: Ladder;
  time: TimeMode;
  /** Where a message's text is. */
  href: (message: CallMessageView) => string;
}

/** The ladder within a page: its heads stay in sight, and of its parts a browser draws those that are. */
export function LadderDrawing({ ladder, time, href }: DrawingProps): VNode {
  const { columns } = ladder;
  const { width, at, spacing } = geometryOf(ladder);
  return (
    <div class="ladder" role="group" aria-label={nameOf(ladder)}>
      <Picture className="ladder-head" name={undefined} width={width} height={HEAD}>
        <ClockHead ladder={ladder} />
        {columns.map((column, index) => (
          <Head column={column} x={at(index)} width={spacing - 24} />
        ))}
      </Picture>
      {partsOf(ladder).map((rows) => (
        <Picture className="ladder-part" name={undefined} width={width} height={rows.length * ROW}>
          <Part ladder={ladder} rows={rows} time={time} href={href} />
        </Picture>
      ))}
    </div>
  );
}

function Part({
  ladder,
  rows,
  time,
  href,
}: {
  ladder: Ladder;
  rows: readonly LadderRow[];
  time: TimeMode;
  /** Without it there are no links. */
  href?: DrawingProps['href'];
}): VNode {
  const { columns } = ladder;
  const zone = useZone();
  const mark = useClockMark(ladder);
  const geometry = geometryOf(ladder);
  const { at } = geometry;
  return (
    <>
      {columns.map((_, column) => (
        <line class="l-life" x1={at(column)} y1={0} x2={at(column)} y2={rows.length * ROW} stroke="#b9c2cd" />
      ))}
      {rows.map((row, index) => {
        const { message } = row;
        const leg = legName(ladder, row);
        const drawing = (
          <Row row={row} time={time} clock={clockOf(row, zone, mark)} leg={leg} y={index * ROW} geometry={geometry} />
        );
        const name = rowName(row, columns, leg, zone);
        return href === undefined || message === undefined ? (
          <g class={`l-row ${toneClass(row)}`} role="img">
            <title>{name}</title>
            {drawing}
          </g>
        ) : (
          <a
            class={`l-row ${toneClass(row)}`}
            href={href(message)}
            data-message={message.id}
            data-us={message.atUs}
            data-transaction={row.transaction}
          >
            <title>{name}</title>
            {drawing}
          </a>
        );
      })}
    </>
  );
}

/** Whose clocks the times below are of. */
function ClockHead({ ladder }: { ladder: Ladder }): VNode {
  return (
    <text class="l-quiet" x={12} y={HEAD - 18} font-size="11" fill="#5b6573">
      {useClockMark(ladder)}
    </text>
  );
}

function useClockMark({ rows }: Ladder): string {
  const zone = useZone();
  const first = rows.find((row) => row.message !== undefined)?.message;
  return first === undefined ? '' : zoneMark(first.atUs, zone);
}

function Head({ column, x, width }: { column: Column; x: number; width: number }): VNode {
  const second = [column.role, portsText(column)].filter((text) => text !== '').join(', ');
  return (
    <g class="l-head">
      <title>{`${column.label} ${second}`}</title>
      <rect
        class="l-box"
        x={x - width / 2}
        y={8}
        width={width}
        height={HEAD - 18}
        rx={5}
        fill="#f3f5f8"
        stroke="#b9c2cd"
      />
      <text class="l-name" x={x} y={second === '' ? 32 : 25} text-anchor="middle" font-weight="600" fill="#1a1f27">
        {cut(column.label, width / (CHARACTER + 0.8))}
      </text>
      {second === '' ? undefined : (
        <text class="l-quiet" x={x} y={40} text-anchor="middle" font-size="11" fill="#5b6573">
          {cut(second, width / SMALL_CHARACTER)}
        </text>
      )}
    </g>
  );
}

interface RowProps {
  row: LadderRow;
  time: TimeMode;
  clock: string;
  /** Several legs: each has a band in its colour, and its name. */
  leg: string;
  y: number;
  geometry: Geometry;
}

function Row({ row, time, clock, leg, y, geometry: { width, at, spacing } }: RowProps): VNode {
  const { message } = row;
  const tone = toneClass(row);
  const [large, small] = timeTexts(row, time, clock);
  const line = y + 24;
  const self = row.from === row.to;
  const from = at(row.from);
  const to = self ? from : at(row.to);
  const middle = self ? from + spacing / 4 + 8 : (from + to) / 2;
  const room = self ? spacing / 2 : Math.abs(to - from) - 16;
  const label = `${row.label}${againText(row)}`;
  return (
    <>
      <rect class="l-hit" x={2} y={y} width={width - 4} height={ROW} rx={4} fill="transparent" />
      {leg === '' ? undefined : (
        <>
          <rect class={`l-band ${hueClass(row.leg)}`} x={2} y={y} width={4} height={ROW} fill={HUES[hueOf(row.leg)]} />
          <text class="l-quiet" x={GUTTER - 4} y={line + 12} text-anchor="end" font-size="11" fill="#5b6573">
            {leg}
          </text>
        </>
      )}
      {message === undefined ? undefined : (
        <>
          <text class="l-time" x={12} y={line - 3} fill="#1a1f27">
            {large}
          </text>
          <text class="l-quiet l-since" x={12} y={line + 12} font-size="11" fill="#5b6573">
            {small}
          </text>
        </>
      )}
      <Line row={row} from={from} to={to} y={line} self={self} />
      <text
        class={`l-label ${tone}`}
        x={middle}
        y={line - 6}
        text-anchor="middle"
        font-weight={row.retransmission > 0 || message?.repeat === 'other-hop' ? '400' : '600'}
        fill={inkOf(row)}
      >
        {cut(visible(label), room / CHARACTER)}
      </text>
      <text class="l-quiet" x={middle} y={line + 14} text-anchor="middle" font-size="11" fill="#5b6573">
        {cut(visible(secondLine(row)), room / SMALL_CHARACTER)}
      </text>
    </>
  );
}

/** The time of day, with how far it is from UTC where that is not what the head says: clocks have been changed. */
function clockOf({ message }: LadderRow, zone: Zone, mark: string): string {
  if (message === undefined) return '';
  const own = zoneMark(message.atUs, zone);
  return own === mark ? timeOfDay(message.atUs, zone) : `${timeOfDay(message.atUs, zone)} ${own}`;
}

/** The time asked for, and below it the one that helps with it. A message from before the one above it is marked. */
function timeTexts({ deltaUs, sinceFirstUs }: LadderRow, time: TimeMode, clock: string): [string, string] {
  const delta = `${deltaUs < 0 ? '▲ ' : '+'}${pause(deltaUs)}`;
  switch (time) {
    case 'clock':
      return [clock, delta];
    case 'previous':
      return [delta, clock];
    case 'first':
      return [`${signedSeconds(sinceFirstUs)} s`, delta];
  }
}

/** The line and its head: two heads for a retransmission, a cross for what never came. */
function Line({
  row,
  from,
  to,
  y,
  self,
}: {
  row: LadderRow;
  from: number;
  to: number;
  y: number;
  self: boolean;
}): VNode {
  const tone = toneClass(row);
  const ink = inkOf(row);
  const right = !self && to > from;
  const back = right ? -1 : 1;
  const path = self ? `M${from} ${y - 7}h26v14h-26` : `M${from} ${y}H${to}`;
  const tip = self ? y + 7 : y;
  const heads = row.retransmission > 0 || row.folded > 0 ? [0, 7, 14] : [0];
  return (
    <>
      <path
        class={`l-line ${tone}`}
        d={path}
        fill="none"
        stroke={ink}
        stroke-width={row.message?.repeat === 'new' ? 1.8 : 1.2}
        stroke-dasharray={DASHES[row.tone]}
      />
      {row.tone === 'ghost' ? (
        <path
          class="l-line ghost"
          d={`M${to + back * 14 - 5} ${tip - 5}l10 10m0 -10l-10 10`}
          fill="none"
          stroke={INK.ghost}
          stroke-width={1.8}
        />
      ) : (
        heads.map((shift) => (
          <path
            class={`l-tip ${tone}`}
            d={`M${to + back * shift} ${tip}l${back * 9} -4.5v9z`}
            fill={ink}
            stroke="none"
          />
        ))
      )}
    </>
  );
}

function secondLine(row: LadderRow): string {
  const seen =
    row.message === undefined || row.message.agents.length < 2 ? [] : [`seen by ${row.message.agents.length}`];
  const again = row.retransmission > 0 ? [`retransmission ${row.retransmission}`] : [];
  return [...again, ...row.details, ...seen].join(' · ');
}

export function againText(row: LadderRow): string {
  const again = row.retransmission > 0 ? ` ↻${row.retransmission}` : '';
  return row.folded > 0 ? `${again} (+${row.folded} ↻)` : again;
}

/** The row in words, for those who do not see the picture. */
function rowName(row: LadderRow, columns: readonly Column[], leg: string, zone: Zone): string {
  const { message } = row;
  const way = `from ${columns[row.from]?.label ?? ''} to ${columns[row.to]?.label ?? ''}`;
  if (message === undefined) return visible(`${row.label} ${way}: expected, not captured`);
  const ends = `${formatEndpoint(message.src.ip, message.src.port)} → ${formatEndpoint(message.dst.ip, message.dst.port)}`;
  const again = row.retransmission > 0 ? `, retransmission ${row.retransmission}` : '';
  const details = [leg, ...row.details]
    .filter((text) => text !== '')
    .map((text) => `, ${text}`)
    .join('');
  return visible(`${zonedIso(message.atUs, zone)} ${row.label}${again}, ${ends} ${message.transport}${details}`);
}

function cut(text: string, most: number): string {
  const characters = Array.from(text);
  const room = Math.max(4, Math.floor(most));
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}
