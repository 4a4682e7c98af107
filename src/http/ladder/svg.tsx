import type { VNode } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { formatEndpoint } from '../../model/endpoint.ts';
import { isoMicros, visible } from '../show.ts';
import { type Column, type Ladder, type LadderRow, portsText, type RowTone } from './model.ts';
import { pause, timeOfDay } from './times.ts';

/**
 * The ladder as a picture. Colours stand in presentation attributes, so that the picture is complete as a file; the
 * style sheet of the pages overrules them by class. Colour never says anything alone: labels and dashes repeat it.
 */
const GUTTER = 124;
const HEAD = 58;
const ROW = 46;
const MARGIN = 14;
const HEAD_EVERY = 40;
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
const DASHES: Readonly<Partial<Record<RowTone, string>>> = {
  s1: '1 3',
  s3: '8 3',
  s4: '8 4',
  s5: '8 4',
  s6: '8 4',
  ghost: '3 5',
};

interface SvgProps {
  ladder: Ladder;
  /** Where a message's text is; without it there are no links. */
  href?: (row: LadderRow) => string;
}

/** The ladder as a file of its own. */
export function ladderFile(ladder: Ladder): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderToStaticMarkup(<LadderSvg ladder={ladder} />)}\n`;
}

export function LadderSvg({ ladder, href }: SvgProps): VNode {
  const { columns, rows } = ladder;
  const spacing = columns.length <= 3 ? 330 : columns.length <= 5 ? 240 : 190;
  const at = (column: number): number => GUTTER + spacing / 2 + column * spacing;
  const heads = Math.max(1, Math.ceil(rows.length / HEAD_EVERY));
  const top = (row: number): number => HEAD * (Math.floor(row / HEAD_EVERY) + 1) + row * ROW;
  const width = GUTTER + Math.max(1, columns.length) * spacing + MARGIN;
  const height = heads * HEAD + rows.length * ROW + MARGIN;
  const messages = rows.filter((row) => row.message !== undefined).length;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      class="ladder"
      role="group"
      aria-label={`Ladder: ${messages} messages between ${columns.length} endpoints; the table below says the same`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      font-family="system-ui, 'Segoe UI', 'Noto Sans', sans-serif"
      font-size="12"
    >
      <rect class="l-paper" width={width} height={height} fill="#ffffff" />
      {columns.map((_, column) => (
        <line class="l-life" x1={at(column)} y1={HEAD - 8} x2={at(column)} y2={height - 4} stroke="#b9c2cd" />
      ))}
      {Array.from({ length: heads }, (_, head) => (
        <g transform={`translate(0 ${head * (HEAD + HEAD_EVERY * ROW)})`}>
          {head > 0 ? <rect class="l-paper" width={width} height={HEAD} fill="#ffffff" /> : undefined}
          {columns.map((column, index) => (
            <Head column={column} x={at(index)} width={spacing - 24} />
          ))}
        </g>
      ))}
      {rows.map((row, index) => {
        const drawing = <Row row={row} y={top(index)} width={width} at={at} spacing={spacing} />;
        const name = rowName(row, columns);
        return href === undefined || row.message === undefined ? (
          <g class={`l-row ${row.tone}`} role="img" aria-label={name}>
            <title>{name}</title>
            {drawing}
          </g>
        ) : (
          <a class={`l-row ${row.tone}`} href={href(row)} aria-label={name}>
            <title>{name}</title>
            {drawing}
          </a>
        );
      })}
    </svg>
  );
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
  y: number;
  width: number;
  at: (column: number) => number;
  spacing: number;
}

function Row({ row, y, width, at, spacing }: RowProps): VNode {
  const { message, tone } = row;
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
      {message === undefined ? undefined : (
        <>
          <text class="l-time" x={10} y={line - 3} fill="#1a1f27">
            {timeOfDay(message.atUs)}
          </text>
          <text class="l-quiet" x={10} y={line + 12} font-size="11" fill="#5b6573">
            {`${row.deltaUs < 0 ? '▲ ' : '+'}${pause(row.deltaUs)}`}
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
        fill={INK[tone]}
      >
        {cut(visible(label), room / CHARACTER)}
      </text>
      <text class="l-quiet" x={middle} y={line + 14} text-anchor="middle" font-size="11" fill="#5b6573">
        {cut(visible(secondLine(row)), room / SMALL_CHARACTER)}
      </text>
    </>
  );
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
  const { tone } = row;
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
        stroke={INK[tone]}
        stroke-width={row.message?.repeat === 'new' ? 1.8 : 1.2}
        stroke-dasharray={DASHES[tone]}
      />
      {tone === 'ghost' ? (
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
            fill={INK[tone]}
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
function rowName(row: LadderRow, columns: readonly Column[]): string {
  const { message } = row;
  const way = `from ${columns[row.from]?.label ?? ''} to ${columns[row.to]?.label ?? ''}`;
  if (message === undefined) return visible(`${row.label} ${way}: expected, not captured`);
  const ends = `${formatEndpoint(message.src.ip, message.src.port)} → ${formatEndpoint(message.dst.ip, message.dst.port)}`;
  const again = row.retransmission > 0 ? `, retransmission ${row.retransmission}` : '';
  const details = row.details.length === 0 ? '' : `, ${row.details.join(', ')}`;
  return visible(`${isoMicros(message.atUs)} ${row.label}${again}, ${ends} ${message.transport}${details}`);
}

function cut(text: string, most: number): string {
  const characters = Array.from(text);
  const room = Math.max(4, Math.floor(most));
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}
