import type { VNode } from 'preact';
import type { CallMessageView } from '../../model/views.ts';
import type { Ladder, LadderRow } from '../ladder/model.ts';
import { againText, toneClass } from '../ladder/svg.tsx';
import { pause, timeOfDay } from '../ladder/times.ts';
import { formatNumber, isoMicros } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import { messageAnchor } from './call-ladder.tsx';
import { Captured, Cell, Nothing, Path, Table, Transport } from './parts.tsx';

/** Id of the form that compares two messages. */
export const COMPARE = 'compare';

const HEAD = [{ number: '#' }, 'Time (UTC)', { number: 'After' }, 'From → to', 'Message', 'What else', 'Seen by'];

interface MessagesProps {
  ladder: Ladder;
  /** Messages before the first. */
  offset: number;
  markUp: boolean;
  /** Ids of the messages that are compared. */
  compared: readonly number[];
}

/** The same as the ladder in words, and each message in its own. */
export function Messages({ ladder, offset, markUp, compared }: MessagesProps): VNode {
  let number = offset;
  return (
    <Table head={HEAD} caption="Messages">
      {ladder.rows.map((row) =>
        row.message === undefined ? (
          <Missing row={row} ladder={ladder} />
        ) : (
          <Message
            row={row}
            message={row.message}
            number={++number}
            markUp={markUp}
            isCompared={compared.includes(row.message.id)}
          />
        ),
      )}
    </Table>
  );
}

function Missing({ row, ladder }: { row: LadderRow; ladder: Ladder }): VNode {
  return (
    <tbody class="item">
      <tr>
        <Cell label="#" number>
          <Nothing />
        </Cell>
        <Cell label="Time (UTC)">
          <Nothing />
        </Cell>
        <Cell label="After" number>
          <Nothing />
        </Cell>
        <Cell label="From → to">
          <Captured text={`${ladder.columns[row.from]?.label ?? ''} → ${ladder.columns[row.to]?.label ?? ''}`} />
        </Cell>
        <Cell label="Message">
          <span class="alarm">
            <Captured text={row.label} />
          </span>
        </Cell>
        <Cell label="What else">expected, not captured</Cell>
        <Cell label="Seen by">nobody</Cell>
      </tr>
    </tbody>
  );
}

const REPEAT_TEXT: Readonly<Record<CallMessageView['repeat'], string>> = {
  new: '',
  'other-hop': 'same message, one hop further',
  'seen-again': 'reported again',
  retransmission: '',
};

interface MessageProps {
  row: LadderRow;
  message: CallMessageView;
  number: number;
  markUp: boolean;
  isCompared: boolean;
}

function Message({ row, message, number, markUp, isCompared }: MessageProps): VNode {
  const more = [REPEAT_TEXT[message.repeat]];
  if (row.retransmission > 0) more.push(`retransmission ${row.retransmission}`);
  if (row.folded > 0) more.push(`retransmitted ${row.folded} ${row.folded === 1 ? 'time' : 'times'}`);
  const details = [...more, ...row.details, `CSeq ${message.cseq}`].filter((text) => text !== '');
  return (
    <tbody class="item" id={messageAnchor(message.id)}>
      <tr>
        <Cell label="#" number>
          <label class="mark">
            <input type="checkbox" name="diff" value={message.id} checked={isCompared} form={COMPARE} />
            <span class="hidden">Compare message</span> {number}
          </label>
        </Cell>
        <Cell label="Time (UTC)">
          <time dateTime={isoMicros(message.atUs)} title={isoMicros(message.atUs)}>
            {timeOfDay(message.atUs)}
          </time>
        </Cell>
        <Cell label="After" number>
          {pause(row.deltaUs)}
        </Cell>
        <Cell label="From → to">
          <Path src={message.src} dst={message.dst} /> <Transport name={message.transport} />
        </Cell>
        <Cell label="Message">
          <strong class={`l-word ${toneClass(row)}`}>
            <Captured text={`${row.label}${againText(row)}`} />
          </strong>
        </Cell>
        <Cell label="What else">
          <Captured text={details.join(' · ')} />
        </Cell>
        <Cell label="Seen by">
          <AgentLinks agents={message.agents} />
        </Cell>
      </tr>
      <tr class="more">
        <td colSpan={HEAD.length}>
          <details>
            <summary>
              Text{' '}
              <span class="quiet">
                {formatNumber(message.length)} octets
                {message.shown < message.length ? `, ${formatNumber(message.shown)} of them shown` : ''}
              </span>
            </summary>
            <RawText raw={message.raw} markUp={markUp} />
          </details>
        </td>
      </tr>
    </tbody>
  );
}

/** A message as captured: what cannot be seen is marked, but for the ends of lines. */
function RawText({ raw, markUp }: { raw: string; markUp: boolean }): VNode {
  const lines = raw.split(/\r\n|\n/);
  const body = lines.indexOf('');
  return (
    <pre class="raw">
      {lines.map((line, index) => {
        const colon = markUp && index > 0 && (body < 0 || index < body) ? line.indexOf(':') : -1;
        return (
          <>
            {index === 0 ? '' : '\n'}
            {index === 0 && markUp ? (
              <strong>
                <Captured text={line} />
              </strong>
            ) : colon > 0 ? (
              <>
                <span class="field">
                  <Captured text={line.slice(0, colon)} />
                </span>
                <Captured text={line.slice(colon)} />
              </>
            ) : (
              <Captured text={line} />
            )}
          </>
        );
      })}
    </pre>
  );
}
