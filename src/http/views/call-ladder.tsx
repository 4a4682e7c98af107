import type { VNode } from 'preact';
import { CAPTURE_FORMATS } from '../../model/capture.ts';
import type { CallMessages } from '../../model/views.ts';
import {
  choiceParameters,
  COLOUR_MODES,
  GROUPINGS,
  SDP_MODES,
  TIME_MODES,
  type ColourMode,
  type Grouping,
  type LadderChoice,
  type SdpMode,
  type TimeMode,
} from '../ladder/choice.ts';
import { labelOf } from '../ladder/label.ts';
import { isRetransmission, letter, type Ladder } from '../ladder/model.ts';
import type { Exchange } from '../ladder/session.ts';
import { hueClass, LadderDrawing } from '../ladder/svg.tsx';
import { callHref } from '../show.ts';
import { Captured, CapturedLink, Cell, Nothing, Table } from './parts.tsx';

/** Address of this page with some parameters changed. */
export type PageLink = (changes: Record<string, string | number | undefined>) => string;

interface LadderViewProps {
  call: CallMessages;
  ladder: Ladder;
  choice: LadderChoice;
  at: PageLink;
}

/** The ladder with the ways to draw it; where scripts run, the message that is selected stands beside it. */
export function LadderView({ call, ladder, choice, at }: LadderViewProps): VNode {
  return (
    <>
      <LadderTools callId={call.callId} choice={choice} hasRepeats={call.items.some(isRetransmission)} at={at} />
      <Legend ladder={ladder} call={call} choice={choice} at={at} />
      <div class="stage">
        <div class="scroll ladder-frame" role="region" aria-label="Ladder" tabIndex={0} data-ladder={call.callId}>
          <LadderDrawing ladder={ladder} time={choice.time} href={messageHref} />
        </div>
        <aside class="pane" aria-label="Selected message" data-pane="" hidden />
      </div>
    </>
  );
}

/** Where a message stands in the table. */
export const messageAnchor = (id: number): string => `m${id}`;
export const messageHref = ({ id }: { id: number }): string => `#${messageAnchor(id)}`;

const GROUPING_TEXT: Readonly<Record<Grouping, string>> = {
  auto: 'automatic',
  port: 'address and port',
  ip: 'address',
};
const COLOUR_TEXT: Readonly<Record<ColourMode, string>> = {
  class: 'kind',
  leg: 'leg',
  transaction: 'transaction',
  dialog: 'dialog',
};
const TIME_TEXT: Readonly<Record<TimeMode, string>> = {
  clock: 'of day',
  previous: 'since the one before',
  first: 'since the first',
};
const SDP_TEXT: Readonly<Record<SdpMode, string>> = { first: 'first media', all: 'all', off: 'off', mark: 'mark' };
const FOLD_TEXT = { drawn: 'drawn', counted: 'counted' } as const;

function LadderTools({
  callId,
  choice,
  hasRepeats,
  at,
}: {
  callId: string;
  choice: LadderChoice;
  hasRepeats: boolean;
  at: PageLink;
}): VNode {
  const drawn = (changes: Partial<LadderChoice>): string => ladderAt(at, choiceParameters({ ...choice, ...changes }));
  return (
    <div class="tools" id="ladder">
      <Tabs
        title="Columns by"
        hotkey="a"
        all={GROUPINGS}
        now={choice.grouping}
        words={GROUPING_TEXT}
        href={(grouping) => drawn({ grouping })}
      />
      <Tabs
        title="Colours by"
        hotkey="c"
        all={COLOUR_MODES}
        now={choice.colour}
        words={COLOUR_TEXT}
        href={(colour) => drawn({ colour })}
      />
      <Tabs
        title="Time"
        hotkey="w"
        all={TIME_MODES}
        now={choice.time}
        words={TIME_TEXT}
        href={(time) => drawn({ time })}
      />
      <Tabs title="SDP" hotkey="d" all={SDP_MODES} now={choice.sdp} words={SDP_TEXT} href={(sdp) => drawn({ sdp })} />
      {hasRepeats ? (
        <Tabs
          title="Retransmissions"
          hotkey="R"
          all={['drawn', 'counted']}
          now={choice.fold ? 'counted' : 'drawn'}
          words={FOLD_TEXT}
          href={(name) => drawn({ fold: name === 'counted' })}
        />
      ) : undefined}
      <span class="tabs">
        <span class="quiet">Export</span>
        {['text', 'json', 'svg', 'mermaid'].map((format) => (
          <a href={at({ format })}>{format === 'json' || format === 'svg' ? format.toUpperCase() : format}</a>
        ))}
        {CAPTURE_FORMATS.map((format) => (
          <a href={`${callHref(callId)}/${format}`}>{format}</a>
        ))}
      </span>
    </div>
  );
}

/** Drawn anew, the page begins where the ladder does. */
const ladderAt = (at: PageLink, changes: Record<string, string | number | undefined>): string =>
  `${at(changes)}#ladder`;

/** One of several ways; a key goes round them. */
function Tabs<Name extends string>({
  title,
  hotkey,
  all,
  now,
  words,
  href,
}: {
  title: string;
  hotkey: string;
  all: readonly Name[];
  now: Name;
  words: Readonly<Record<Name, string>>;
  href: (name: Name) => string;
}): VNode {
  const next = all[(all.indexOf(now) + 1) % all.length];
  return (
    <span class="tabs">
      <span class="quiet">{title}</span>
      {all.map((name) => (
        <a
          href={href(name)}
          aria-current={name === now ? 'true' : undefined}
          data-key={name === next ? hotkey : undefined}
        >
          {words[name]}
        </a>
      ))}
    </span>
  );
}

/** Which letter is which leg, why it belongs here, and the way to leave it out. */
function Legend({ ladder, call, choice, at }: LadderViewProps): VNode | undefined {
  const { legs } = ladder;
  if (legs.length < 2) return undefined;
  const reasons = new Map(call.entries.flatMap((entry) => entry.legs.map((leg) => [leg.callId, leg.reason] as const)));
  return (
    <ul class="legs">
      {legs.map((callId, index) => {
        const name = letter(index);
        const isOut = choice.without.includes(name);
        const without = isOut ? choice.without.filter((other) => other !== name) : [...choice.without, name];
        return (
          <li class={isOut ? 'quiet' : undefined}>
            <span class={`leg-mark ${hueClass(index)}`} /> <strong>leg {name}</strong>{' '}
            <CapturedLink text={callId} href={callHref(callId)} />{' '}
            <span class="quiet">
              {callId === call.callId ? 'this call' : <Captured text={reasons.get(callId) ?? 'put beside it'} />}
            </span>{' '}
            <a href={ladderAt(at, choiceParameters({ ...choice, without }))}>{isOut ? 'draw' : 'leave out'}</a>
          </li>
        );
      })}
    </ul>
  );
}

/** What was offered, answered, and agreed upon. */
export function Exchanges({ exchanges }: { exchanges: readonly Exchange[] }): VNode {
  return (
    <Table head={['Offer', 'Answer', 'Agreed upon', 'Worth a look']} caption="Session descriptions">
      <tbody>
        {exchanges.map(({ offer, answer, result, notes }) => (
          <tr>
            <Cell label="Offer">
              <a href={messageHref(offer)}>
                <Captured text={labelOf(offer)} />
              </a>
            </Cell>
            <Cell label="Answer">
              {answer === undefined ? (
                <Nothing />
              ) : (
                <a href={messageHref(answer)}>
                  <Captured text={labelOf(answer)} />
                </a>
              )}
            </Cell>
            <Cell label="Agreed upon">
              <Captured text={result} />
            </Cell>
            <Cell label="Worth a look">{notes.length === 0 ? <Nothing /> : <Captured text={notes.join('; ')} />}</Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
