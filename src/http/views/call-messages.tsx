import type { VNode } from 'preact';
import type { CallMessages, CallMessageView } from '../../model/views.ts';
import { lineWarnings } from '../ladder/lint.ts';
import { type Ladder, legName } from '../ladder/model.ts';
import type { LadderRow } from '../ladder/row.ts';
import { againText, toneClass } from '../ladder/svg.tsx';
import { pause } from '../ladder/times.ts';
import { formatNumber } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import { messageAnchor } from './call-ladder.tsx';
import { MessageText } from './message.tsx';
import { Captured, Cell, cellText, Nothing, Path, TableHead, TimeOfDay, Transport } from './parts.tsx';

/** Id of the form that compares two messages. */
export const COMPARE = 'compare';

/** A long table is several, so that a browser need lay out only those near what is in sight. */
const PIECE = 20;
/**
 * Of more messages the texts are pages of their own: a text is most of the elements of its row, and nobody opens
 * hundreds of them.
 */
const MAX_TEXTS = 40;

const HEAD = [{ number: '#' }, 'Time', { number: 'After' }, 'From → to', 'Message', 'What else', 'Seen by'];

interface MessagesProps {
  call: CallMessages;
  ladder: Ladder;
  /** Ids of the messages that are compared. */
  compared: readonly number[];
  /** Where the text of a message is a page of its own, if it can be one. */
  textHref: (message: CallMessageView) => string | undefined;
}

/** The same as the ladder in words, and each message in its own. */
export function Messages({ call, ladder, compared, textHref }: MessagesProps): VNode {
  const { items, offset } = call;
  const numbers = new Map(items.map((message, index) => [message, offset + index + 1]));
  const rows = ladder.rows.map((row) => {
    const { message } = row;
    if (message === undefined) return <NoMessage row={row} ladder={ladder} />;
    const number = numbers.get(message) ?? 0;
    return (
      <Message
        row={row}
        message={message}
        leg={legName(ladder, row)}
        number={number}
        page={textHref(message)}
        hasText={items.length <= MAX_TEXTS}
        isCompared={compared.includes(message.id)}
      />
    );
  });
  return (
    <div class="scroll" role="region" aria-label="Messages" tabIndex={0}>
      {Array.from({ length: Math.ceil(rows.length / PIECE) }, (_, piece) => (
        <div class="piece">
          <table>
            <TableHead head={HEAD} />
            {rows.slice(piece * PIECE, (piece + 1) * PIECE)}
          </table>
        </div>
      ))}
    </div>
  );
}

/** What was expected, or measured of media. */
function NoMessage({ row, ladder }: { row: LadderRow; ladder: Ladder }): VNode {
  const isMissing = row.tone === 'ghost';
  return (
    <tbody class="item">
      <tr>
        <Cell label="#" number>
          <Nothing />
        </Cell>
        <Cell label="Time">{isMissing ? <Nothing /> : <TimeOfDay us={row.atUs} />}</Cell>
        <Cell label="After" number>
          {isMissing ? <Nothing /> : pause(row.deltaUs)}
        </Cell>
        <Cell label="From → to">
          <Captured text={`${ladder.columns[row.from]?.label ?? ''} → ${ladder.columns[row.to]?.label ?? ''}`} />
        </Cell>
        <Cell label="Message">
          <span class={isMissing ? 'alarm' : undefined}>
            <Captured text={row.label} />
          </span>
        </Cell>
        <Cell label="What else">{cellText(row.details.join(' · '))}</Cell>
        <Cell label="Seen by">{isMissing ? 'nobody' : <Nothing />}</Cell>
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
  leg: string;
  number: number;
  /** All that is known of it. */
  page: string | undefined;
  /** Its text is here, not only on its page. */
  hasText: boolean;
  isCompared: boolean;
}

function Message({ row, message, leg, number, page, hasText, isCompared }: MessageProps): VNode {
  const more = [leg, row.warning, REPEAT_TEXT[message.repeat]];
  if (row.times > 1) more.push(`${row.times} times in a row`);
  if (row.retransmission > 0) more.push(`retransmission ${row.retransmission}`);
  if (row.folded > 0) more.push(`retransmitted ${row.folded} ${row.folded === 1 ? 'time' : 'times'}`);
  const details = [...more, ...row.details, `CSeq ${message.cseq}`].filter((text) => text !== '');
  return (
    <tbody class="item" id={messageAnchor(message.id)}>
      <tr>
        <Cell label="#" number>
          <label class="mark">
            <input
              type="checkbox"
              name="diff"
              value={message.id}
              checked={isCompared}
              form={COMPARE}
              aria-label={`Compare message ${number}`}
            />{' '}
            {number}
          </label>
        </Cell>
        <Cell label="Time">
          <TimeOfDay us={message.atUs} />
        </Cell>
        <Cell label="After" number>
          {pause(row.deltaUs)}
        </Cell>
        <Cell label="From → to">
          <Path src={message.src} dst={message.dst} /> <Transport name={message.transport} />
        </Cell>
        <Cell label="Message">
          {hasText || page === undefined ? (
            <Word row={row} />
          ) : (
            <a href={page} data-page="" data-text="">
              <Word row={row} />
            </a>
          )}
        </Cell>
        <Cell label="What else">{cellText(details.join(' · '))}</Cell>
        <Cell label="Seen by">
          <AgentLinks agents={message.agents} />
        </Cell>
      </tr>
      {hasText || page === undefined ? <Text message={message} page={page} /> : undefined}
    </tbody>
  );
}

function Word({ row }: { row: LadderRow }): VNode {
  return (
    <strong class={`l-word ${toneClass(row)}`}>
      <Captured text={`${row.label}${againText(row)}`} />
    </strong>
  );
}

function Text({ message, page }: { message: CallMessageView; page: string | undefined }): VNode {
  const warnings = lineWarnings(message);
  return (
    <tr class="more">
      <td colSpan={HEAD.length}>
        <details>
          <summary>
            Text{' '}
            <span class="quiet">
              {formatNumber(message.length)} octets
              {message.shown < message.length ? `, ${formatNumber(message.shown)} of them shown` : ''}
              {warnings.size > 0 ? `, ${warnings.size} ${warnings.size === 1 ? 'warning' : 'warnings'}` : ''}
            </span>
          </summary>
          <MessageText message={message} warnings={warnings} />
          {page === undefined ? undefined : (
            <p>
              <a href={page} data-page="">
                On a page of its own
              </a>
            </p>
          )}
        </details>
      </td>
    </tr>
  );
}
