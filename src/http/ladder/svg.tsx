import { type ComponentChildren, createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { timeOfDay, visible, zonedIso, zoneMark } from '../show.ts';
import { useZone, ZoneContext } from '../views/zone.tsx';
import type { LadderChoice, TimeMode } from './choice.ts';
import { type Column, placesText } from './columns.ts';
import { type Verdict, verdictOf } from './media.ts';
import { type Ladder, legName } from './model.ts';
import type { LadderRow, RowTone } from './row.ts';
import { pause, signedSeconds } from './times.ts';

/**
 * The ladder as a picture. As a file it is complete: colours stand in presentation attributes, which every program that
 * draws SVG knows. On a page the style sheet has them, by class. Colour never says anything alone: labels and dashes
 * repeat it.
 */
const GUTTER = 140;
const HEAD = 76;
/** In a file, above all. */
const TITLE = 44;
const ROW = 46;
/** Height of the mark for a long pause. */
const BREAK = 30;
/** In a drawing to scale: height of a second, and the most of one pause, which is then a mark. */
const SECOND = 24;
const MOST_SPACE = 240;
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
  media: '#5b6573',
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
  media: '2 4',
};

type Attributes = Readonly<Record<string, string | number | undefined>>;
const NONE: Attributes = {};
const QUIET: Attributes = { fill: '#5b6573', 'font-size': 11 };
/** Text stays readable where it crosses a life line. */
const HALO: Attributes = {
  'paint-order': 'stroke',
  stroke: '#ffffff',
  'stroke-width': 4,
  'stroke-linejoin': 'round',
};

const InFile = createContext(false);

/** Chooses: what a file has to say by itself is left to the style sheet on a page. */
function usePaint(): (...attributes: Attributes[]) => Attributes {
  const isFile = useContext(InFile);
  return (...attributes) => (isFile ? Object.assign({}, ...attributes) : NONE);
}

/** The word beside it says the same. */
const LAMPS: Readonly<Record<Verdict, string>> = { good: '#0b6b34', fair: '#c9a227', poor: '#a85b00', bad: '#a3161d' };

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

/** A row with the space above it, which is a mark where a long pause was. */
interface Placed {
  row: LadderRow;
  /** Where it begins in its part. */
  y: number;
  space: number;
  isBreak: boolean;
}

interface LadderPart {
  rows: Placed[];
  height: number;
}

/** Rows in pieces of `PART_ROWS`. */
function partsOf({ rows }: Ladder, choice: LadderChoice): LadderPart[] {
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / PART_ROWS)) }, (_, part) => {
    let height = 0;
    const placed = rows.slice(part * PART_ROWS, (part + 1) * PART_ROWS).map((row) => {
      const { space, isBreak } = spaceAbove(row, choice);
      const y = height + space;
      height = y + ROW;
      return { row, y, space, isBreak };
    });
    return { rows: placed, height };
  });
}

function spaceAbove({ deltaUs }: LadderRow, { pauses, gap }: LadderChoice): { space: number; isBreak: boolean } {
  const seconds = deltaUs / 1e6;
  switch (pauses) {
    case 'even':
      return { space: 0, isBreak: false };
    case 'marked':
      return seconds >= gap ? { space: BREAK, isBreak: true } : { space: 0, isBreak: false };
    case 'scaled': {
      const space = Math.max(0, Math.round(seconds * SECOND));
      return space > MOST_SPACE ? { space: MOST_SPACE, isBreak: true } : { space, isBreak: false };
    }
  }
}

function nameOf({ columns, rows }: Ladder): string {
  const messages = rows.filter((row) => row.message !== undefined).length;
  return `Ladder: ${messages} messages between ${columns.length} endpoints`;
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

/** The ladder as a file of its own, which says whose it is. The heads stand above every part: nothing keeps them in sight. */
export function ladderFile(ladder: Ladder, choice: LadderChoice, zone: Zone): string {
  const { columns } = ladder;
  const { width, at, spacing } = geometryOf(ladder);
  const parts = partsOf(ladder, choice);
  let top = TITLE;
  const placed = parts.map((part) => {
    const y = top;
    top += HEAD + part.height;
    return { part, y };
  });
  const picture = (
    <Picture className="ladder" name={nameOf(ladder)} width={width} height={top + MARGIN}>
      <Title ladder={ladder} width={width} />
      {placed.map(({ part, y }) => (
        <g transform={`translate(0 ${y})`}>
          <ClockHead ladder={ladder} />
          {columns.map((column, c) => (
            <Head column={column} x={at(c)} width={spacing - 24} />
          ))}
          <g transform={`translate(0 ${HEAD})`}>
            <Part ladder={ladder} part={part} time={choice.time} />
          </g>
        </g>
      ))}
    </Picture>
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderToStaticMarkup(
    <ZoneContext.Provider value={{ zone, isAsked: false, followsBrowser: false }}>
      <InFile.Provider value>{picture}</InFile.Provider>
    </ZoneContext.Provider>,
  )}\n`;
}

/** Ways to change where a column stands; those that make no sense are `undefined`. */
export interface ColumnLinks {
  left: string | undefined;
  right: string | undefined;
  hide: string | undefined;
}

interface DrawingProps {
  ladder: Ladder;
  choice: LadderChoice;
  links: (column: number) => ColumnLinks;
  /** Where a message's text is. */
  href: (message: CallMessageView) => string;
}

/** The ladder within a page: its heads stay in sight, and of its parts a browser draws those that are. */
export function LadderDrawing({ ladder, choice, links, href }: DrawingProps): VNode {
  const { columns } = ladder;
  const { width, at, spacing } = geometryOf(ladder);
  return (
    <div class="ladder" role="group" aria-label={`${nameOf(ladder)}; the table below says the same`}>
      <Picture className="ladder-head" name={undefined} width={width} height={HEAD}>
        <ClockHead ladder={ladder} />
        {columns.map((column, index) => (
          <Head column={column} x={at(index)} width={spacing - 24} links={links(index)} />
        ))}
      </Picture>
      {partsOf(ladder, choice).map((part) => (
        <Picture className="ladder-part" name={undefined} width={width} height={part.height}>
          <Part ladder={ladder} part={part} time={choice.time} href={href} />
        </Picture>
      ))}
    </div>
  );
}

function Part({
  ladder,
  part: { rows, height },
  time,
  href,
}: {
  ladder: Ladder;
  part: LadderPart;
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
        <line class="l-life" x1={at(column)} y1={0} x2={at(column)} y2={height} stroke="#b9c2cd" />
      ))}
      {rows.map(({ row, y, space, isBreak }) =>
        isBreak ? (
          <Break row={row} y={y - space} height={space} geometry={geometry} columns={columns.length} />
        ) : undefined,
      )}
      {rows.map(({ row, y }) => {
        const { message } = row;
        const leg = legName(ladder, row);
        const drawing = (
          <Row
            row={row}
            columns={columns}
            time={time}
            clock={clockOf(row, zone, mark)}
            leg={leg}
            y={y}
            geometry={geometry}
          />
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

/** Whose call it is, and of which day: the rows tell the time only. */
function Title({ ladder, width }: { ladder: Ladder; width: number }): VNode | undefined {
  const zone = useZone();
  const first = ladder.rows.find((row) => row.message !== undefined)?.message;
  if (first === undefined) return undefined;
  const room = width - 2 * MARGIN;
  return (
    <>
      <text x={12} y={20} font-weight="600" fill="#1a1f27">
        {cut(visible(`${first.from} → ${first.to}`), room / (CHARACTER + 0.8))}
      </text>
      <text x={12} y={37} font-size="11" fill="#5b6573">
        {cut(visible(`${zonedIso(first.atUs, zone)}, Call-ID ${first.callId}`), room / SMALL_CHARACTER)}
      </text>
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

/** A long pause: the life lines are broken, and the time is told. */
function Break({
  row,
  y,
  height,
  geometry: { width, at },
  columns,
}: {
  row: LadderRow;
  y: number;
  height: number;
  geometry: Geometry;
  columns: number;
}): VNode {
  const middle = y + height / 2;
  return (
    <g class="l-break" role="img">
      <title>{`nothing for ${pause(row.deltaUs)}`}</title>
      <rect class="l-paper" x={GUTTER} y={middle - 7} width={width - GUTTER} height={14} fill="#ffffff" />
      {Array.from({ length: columns }, (_, column) => (
        <path
          class="l-life"
          d={`M${at(column) - 8} ${middle - 3}l16 -8m-16 14l16 -8`}
          fill="none"
          stroke="#b9c2cd"
          stroke-width={1.5}
        />
      ))}
      <text class="l-quiet" x={12} y={middle + 4} font-size="11" fill="#5b6573">
        {`⋮ ${pause(row.deltaUs)}`}
      </text>
    </g>
  );
}

/** Base lines in a head: the first, and from one to the next. */
const HEAD_TOP = 25;
const HEAD_LINE = 17;

/** A party: its name, what it does and where, and what it says it is. */
function Head({
  column,
  x,
  width,
  links,
}: {
  column: Column;
  x: number;
  width: number;
  /** Without them the head is a picture only. */
  links?: ColumnLinks;
}): VNode {
  const lines = [
    [column.role, placesText(column)].filter((text) => text !== '').join(', '),
    visible(column.userAgent),
  ].filter((text) => text !== '');
  const left = x - width / 2;
  return (
    <g class="l-head" data-column={links === undefined ? undefined : column.key}>
      <title>{[column.label, ...lines].join('\n')}</title>
      <rect class="l-box" x={left} y={6} width={width} height={HEAD - 12} rx={5} fill="#f3f5f8" stroke="#b9c2cd" />
      <text class="l-name" x={x} y={HEAD_TOP} text-anchor="middle" font-weight="600" fill="#1a1f27">
        {cut(visible(column.label), (width - 60) / (CHARACTER + 0.8))}
      </text>
      {lines.map((line, index) => (
        <text
          class="l-quiet"
          x={x}
          y={HEAD_TOP + (index + 1) * HEAD_LINE}
          text-anchor="middle"
          font-size="11"
          fill="#5b6573"
        >
          {cut(line, (width - 12) / SMALL_CHARACTER)}
        </text>
      ))}
      {links === undefined ? undefined : (
        <>
          <HeadLink href={links.left} sign="‹" meaning={`Move ${column.label} to the left`} x={left + 2} />
          <HeadLink href={links.right} sign="›" meaning={`Move ${column.label} to the right`} x={left + 26} />
          <HeadLink href={links.hide} sign="×" meaning={`Leave out ${column.label}`} x={left + width - 26} />
        </>
      )}
    </g>
  );
}

/** A sign of the size of a finger tip. */
function HeadLink({
  href,
  sign,
  meaning,
  x,
}: {
  href: string | undefined;
  sign: string;
  meaning: string;
  x: number;
}): VNode | undefined {
  if (href === undefined) return undefined;
  return (
    <a class="l-move" href={href} aria-label={visible(meaning)}>
      <title>{visible(meaning)}</title>
      <rect class="l-hit" x={x} y={8} width={24} height={24} rx={4} fill="transparent" />
      <text x={x + 12} y={25} text-anchor="middle" font-size="15" fill="#0a569c">
        {sign}
      </text>
    </a>
  );
}

interface RowProps {
  row: LadderRow;
  columns: readonly Column[];
  time: TimeMode;
  clock: string;
  /** Several legs: each has a band in its colour, and its name. */
  leg: string;
  y: number;
  geometry: Geometry;
}

function Row({ row, columns, time, clock, leg, y, geometry: { width, at, spacing } }: RowProps): VNode {
  const { message } = row;
  const paint = usePaint();
  const isFile = useContext(InFile);
  const [large, small] = timeTexts(row, time, clock);
  const line = y + 24;
  const self = row.from === row.to;
  const from = at(row.from);
  const to = self ? from : at(row.to);
  const middle = self ? from + spacing / 4 + 8 : (from + to) / 2;
  const room = self ? spacing / 2 : Math.abs(to - from) - 16;
  const label = `${row.label}${againText(row)}`;
  const second = secondLine(row);
  return (
    <>
      {isFile ? undefined : <rect class="l-hit" x={2} y={y} width={width - 4} height={ROW} rx={4} />}
      {leg === '' ? undefined : (
        <>
          <rect
            class={`l-band ${hueClass(row.leg)}`}
            x={2}
            y={y}
            width={4}
            height={ROW}
            {...paint({ fill: HUES[hueOf(row.leg)] })}
          />
          <text class="l-quiet" x={GUTTER - 4} y={line + 12} text-anchor="end" {...paint(QUIET)}>
            {leg}
          </text>
        </>
      )}
      {row.tone === 'ghost' ? undefined : (
        <>
          <text class="l-time" x={12} y={line - 3} {...paint({ fill: '#1a1f27' })}>
            {large}
          </text>
          <text class="l-quiet l-since" x={12} y={line + 12} {...paint(QUIET)}>
            {small}
          </text>
        </>
      )}
      <Line row={row} from={from} to={to} y={line} self={self} />
      {message === undefined || self ? undefined : (
        <>
          <Port column={columns[row.from]} port={message.src.port} x={from} y={line} towards={to} />
          <Port column={columns[row.to]} port={message.dst.port} x={to} y={line} towards={from} />
        </>
      )}
      {row.mos === null ? undefined : (
        <circle
          class={`lamp ${verdictOf(row.mos)}`}
          cx={middle - Math.min(room, label.length * CHARACTER) / 2 - 12}
          cy={line - 10}
          r={5}
          {...paint({ fill: LAMPS[verdictOf(row.mos)] })}
        />
      )}
      <text
        class="l-label"
        x={middle}
        y={line - 6}
        text-anchor="middle"
        font-weight={row.retransmission > 0 || message?.repeat === 'other-hop' ? '400' : '600'}
        {...paint({ fill: inkOf(row) }, HALO)}
      >
        {cut(visible(label), room / CHARACTER)}
      </text>
      {second === '' ? undefined : (
        <text class="l-quiet" x={middle} y={line + 14} text-anchor="middle" {...paint(QUIET, HALO)}>
          {cut(visible(second), room / SMALL_CHARACTER)}
        </text>
      )}
    </>
  );
}

/** Port of an arrow's end, where the head of its column does not say it. */
function Port({
  column,
  port,
  x,
  y,
  towards,
}: {
  column: Column | undefined;
  port: number;
  x: number;
  y: number;
  towards: number;
}): VNode | undefined {
  const paint = usePaint();
  const count = [...(column?.hosts.values() ?? [])].reduce((sum, ports) => sum + ports.length, 0);
  if (count < 2) return undefined;
  const isRight = towards > x;
  return (
    <text
      class="l-quiet l-port"
      x={isRight ? x - 5 : x + 5}
      y={y - 6}
      text-anchor={isRight ? 'end' : 'start'}
      {...paint(QUIET, { 'font-size': 10 })}
    >
      {port}
    </text>
  );
}

/** The time of day, with how far it is from UTC where that is not what the head says: clocks have been changed. */
function clockOf({ atUs }: LadderRow, zone: Zone, mark: string): string {
  const own = zoneMark(atUs, zone);
  return own === mark ? timeOfDay(atUs, zone) : `${timeOfDay(atUs, zone)} ${own}`;
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
  const ink = inkOf(row);
  const paint = usePaint();
  const right = !self && to > from;
  const back = right ? -1 : 1;
  const path = self ? `M${from} ${y - 7}h26v14h-26` : `M${from} ${y}H${to}`;
  const tip = self ? y + 7 : y;
  const heads = row.retransmission > 0 || row.folded > 0 ? [0, 7, 14] : [0];
  return (
    <>
      <path
        class="l-line"
        d={path}
        {...paint({ fill: 'none', stroke: ink })}
        stroke-width={row.message?.repeat === 'new' ? 1.8 : 1.2}
        stroke-dasharray={DASHES[row.tone]}
      />
      {row.tone === 'ghost' ? (
        <path
          class="l-line"
          d={`M${to + back * 14 - 5} ${tip - 5}l10 10m0 -10l-10 10`}
          {...paint({ fill: 'none', stroke: INK.ghost })}
          stroke-width={1.8}
        />
      ) : (
        heads.map((shift) => (
          <path class="l-tip" d={`M${to + back * shift} ${tip}l${back * 9} -4.5v9z`} {...paint({ fill: ink })} />
        ))
      )}
    </>
  );
}

function secondLine(row: LadderRow): string {
  const seen =
    row.message === undefined || row.message.agents.length < 2 ? [] : [`seen by ${row.message.agents.length}`];
  const again = row.retransmission > 0 ? [`retransmission ${row.retransmission}`] : [];
  const warning = row.warning === '' ? [] : [`▲ ${row.warning}`];
  return [...warning, ...again, ...row.details, ...seen].join(' · ');
}

export function againText(row: LadderRow): string {
  const again = row.retransmission > 0 ? ` ↻${row.retransmission}` : '';
  const folded = row.folded > 0 ? ` (+${row.folded} ↻)` : '';
  return `${again}${folded}${row.times > 1 ? ` × ${row.times}` : ''}`;
}

/** The row in words, for those who do not see the picture. */
function rowName(row: LadderRow, columns: readonly Column[], leg: string, zone: Zone): string {
  const { message } = row;
  const way = `from ${columns[row.from]?.label ?? ''} to ${columns[row.to]?.label ?? ''}`;
  if (message === undefined) return visible(`${row.label} ${way}: ${row.details.join(', ')}`);
  const ends = `${formatEndpoint(message.src.ip, message.src.port)} → ${formatEndpoint(message.dst.ip, message.dst.port)}`;
  const again = row.retransmission > 0 ? `, retransmission ${row.retransmission}` : '';
  const details = [leg, row.warning, row.times > 1 ? `${row.times} times` : '', ...row.details]
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
