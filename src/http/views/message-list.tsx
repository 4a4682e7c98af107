import type { VNode } from 'preact';
import type { MessagePage } from '../../model/engine.ts';
import type { CallMessageView } from '../../model/views.ts';
import { quotedWord } from '../../model/search/ast.ts';
import { labelOf } from '../ladder/label.ts';
import type { AskedSearch } from '../search.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
import { statusTone } from './call-columns.tsx';
import { placeInLadder } from './call-ladder.tsx';
import { Captured, CapturedLink, Cell, Hints, Pager, Path, Table, Time, Transport } from './parts.tsx';
import { RawText } from './raw-text.tsx';
import { SearchForm } from './search.tsx';

interface MessageListProps {
  page: MessagePage;
  search: AskedSearch | undefined;
  /** How far back the list goes, where not to the beginning. */
  notes: readonly Hint[];
  why: readonly Hint[];
}

const HEAD = ['Time', 'Message', 'Source → destination', 'From', 'To', 'Call-ID'];
/** Of longer lists the texts are on the pages of their calls. */
const MAX_TEXTS = 500;

export function MessageList({ page, search, notes, why }: MessageListProps): VNode {
  const hasTexts = page.items.length <= MAX_TEXTS;
  return (
    <>
      <SearchForm subject="messages" action="/messages" search={search} filter={undefined} limit={page.limit} />
      <div data-live={page.offset === 0 ? 'received' : undefined}>
        {notes.length === 0 ? undefined : (
          <Hints hints={notes} tone="warning" title={page.isComplete ? 'How far back' : 'A part of the answer'} />
        )}
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <Table head={HEAD} caption="Messages">
            {page.items.map((message) => (
              <MessageRows message={message} hasText={hasTexts} />
            ))}
          </Table>
        )}
        <Pager page={page} path="/messages" parameters={{ q: search?.text }} />
      </div>
    </>
  );
}

function MessageRows({ message, hasText }: { message: CallMessageView; hasText: boolean }): VNode {
  const { id, status, from, to, callId } = message;
  return (
    <tbody class="item" id={`message-${id}`} data-row="">
      <tr>
        <Cell label="Time">
          <Time us={message.atUs} />
        </Cell>
        <Cell label="Message" brief>
          <a href={placeInLadder(message)} data-open="" class={status === 0 ? undefined : statusTone(status)}>
            <Captured text={labelOf(message)} />
          </a>{' '}
          <span class="quiet">
            <Captured text={message.isRequest ? '' : message.cseqMethod} />
            {message.repeat === 'retransmission' ? ' again' : ''}
          </span>
        </Cell>
        <Cell label="Source → destination">
          <Path src={message.src} dst={message.dst} />
        </Cell>
        <Cell label="From">
          <CapturedLink text={from} href={link('/messages', { q: condition('from', from) })} />
        </Cell>
        <Cell label="To">
          <CapturedLink text={to} href={link('/messages', { q: condition('to', to) })} />
        </Cell>
        <Cell label="Call-ID">
          <CapturedLink text={callId} href={callHref(callId)} />
        </Cell>
      </tr>
      {hasText ? (
        <tr class="more">
          <td colSpan={HEAD.length}>
            <details>
              <summary>
                <Transport name={message.transport} /> <span class="quiet">{formatNumber(message.length)} octets</span>
              </summary>
              <p class="quiet">
                Seen by <AgentLinks agents={message.agents} />
              </p>
              <RawText raw={message.raw} />
            </details>
          </td>
        </tr>
      ) : undefined}
    </tbody>
  );
}

function condition(field: 'from' | 'to', value: string): string {
  return `${field}=${quotedWord(value)}`;
}
