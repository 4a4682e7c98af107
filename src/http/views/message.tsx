import type { VNode } from 'preact';
import type { CallMessageView } from '../../model/views.ts';
import { callHref } from '../show.ts';
import { placeInLadder } from './call-ladder.tsx';
import { MessageText } from './call-messages.tsx';
import { CapturedLink } from './parts.tsx';

/** One message of a call: what a ladder of many messages leaves to be asked for. */
export function MessagePage({ message }: { message: CallMessageView }): VNode {
  return (
    <>
      <nav class="pager" aria-label="Where it belongs">
        <a href={placeInLadder(message)}>In the ladder</a>
        <span>
          Call <CapturedLink text={message.callId} href={callHref(message.callId)} />
        </span>
      </nav>
      <MessageText message={message} />
    </>
  );
}
