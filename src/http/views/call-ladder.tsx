import type { VNode } from 'preact';
import { CAPTURE_FORMATS } from '../../model/capture.ts';
import type { CallMessages, CallMessageView } from '../../model/views.ts';
import {
  choiceParameters,
  COLOUR_MODES,
  GROUPINGS,
  SDP_MODES,
  PAUSE_MODES,
  TIME_MODES,
  type ColourMode,
  type Grouping,
  type LadderChoice,
  type PauseMode,
  type SdpMode,
  type TimeMode,
} from '../ladder/choice.ts';
import type { FoundCall } from '../call-source.ts';
import { labelOf, letter } from '../ladder/label.ts';
import type { Ladder } from '../ladder/model.ts';
import type { Exchange } from '../ladder/session.ts';
import { type ColumnLinks, hueClass, LadderDrawing } from '../ladder/svg.tsx';
import { callFileName, callHref, hasPage, link } from '../show.ts';
import { Captured, CapturedLink, Cell, Nothing, Table } from './parts.tsx';

/** Address of this page with some parameters changed. */
export type PageLink = (changes: Record<string, string | number | undefined>) => string;

interface LadderViewProps {
  found: FoundCall;
  call: CallMessages;
  ladder: Ladder;
  choice: LadderChoice;
  /** Something was measured of its media. */
  hasMedia: boolean;
  at: PageLink;
}

/** The ladder with the ways to draw it; where scripts run, the message that is selected stands beside it. */
export function LadderView({ found, call, ladder, choice, hasMedia, at }: LadderViewProps): VNode {
  const drawn: Redrawn = (changes) => ladderAt(at, choiceParameters({ ...choice, ...changes }));
  return (
    <>
      <LadderTools
        found={found}
        call={call}
        ladder={ladder}
        choice={choice}
        hasMedia={hasMedia}
        at={at}
        drawn={drawn}
      />
      <Legend ladder={ladder} call={call} choice={choice} drawn={drawn} />
      <Arrangement ladder={ladder} choice={choice} drawn={drawn} />
      {found.share === undefined ? <AddCall href={found.href} choice={choice} /> : undefined}
      <div class="stage">
        <div class="scroll ladder-frame" role="region" aria-label="Ladder" tabIndex={0} data-ladder={call.callId}>
          <LadderDrawing
            ladder={ladder}
            choice={choice}
            links={(column) => columnLinks(ladder, choice, drawn, column)}
            href={messageHref}
          />
        </div>
        <aside class="pane" aria-label="Selected message" data-pane="" hidden />
      </div>
    </>
  );
}

/** The page with the ladder drawn another way. */
type Redrawn = (changes: Partial<LadderChoice>) => string;

function columnLinks({ columns }: Ladder, { hide }: LadderChoice, drawn: Redrawn, column: number): ColumnLinks {
  const keys = columns.map(({ key }) => key);
  const moved = (to: number): string | undefined => {
    if (to < 0 || to >= keys.length) return undefined;
    const order = keys.filter((_, index) => index !== column);
    order.splice(to, 0, ...keys.slice(column, column + 1));
    return drawn({ order });
  };
  return {
    left: moved(column - 1),
    right: moved(column + 1),
    hide: keys.length > 1 ? drawn({ hide: [...hide, ...keys.slice(column, column + 1)] }) : undefined,
  };
}

/** Hosts that are left out, and the way back to the usual order. */
function Arrangement({
  ladder: { hidden },
  choice: { hide, order },
  drawn,
}: {
  ladder: Ladder;
  choice: LadderChoice;
  drawn: Redrawn;
}): VNode | undefined {
  if (hidden.length === 0 && order.length === 0) return undefined;
  return (
    <ul class="legs">
      {hidden.map(({ key, label }) => (
        <li>
          <span class="quiet">left out:</span> <Captured text={label} />{' '}
          <a href={drawn({ hide: hide.filter((other) => other !== key) })}>draw</a>
        </li>
      ))}
      {order.length === 0 ? undefined : (
        <li>
          <a href={drawn({ order: [] })}>Hosts in order of appearance</a>
        </li>
      )}
    </ul>
  );
}

/** Another call beside this one, which nothing tells belongs to it. */
function AddCall({ href, choice }: { href: string; choice: LadderChoice }): VNode {
  const { with: added = '', ...others } = choiceParameters(choice);
  return (
    <details open={added !== ''}>
      <summary>Draw other calls with it</summary>
      <form class="filter" method="get" action={`${href}#ladder`}>
        {Object.entries(others).map(([name, value]) =>
          value === undefined ? undefined : <input type="hidden" name={name} value={value} />,
        )}
        <label class="grow">
          <span>With the calls of these Call-IDs</span>
          <input type="search" name="with" value={added} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Draw together</button>
      </form>
    </details>
  );
}

/** Where a message stands in the table. */
export const messageAnchor = (id: number): string => `m${id}`;
export const messageHref = ({ id }: { id: number }): string => `#${messageAnchor(id)}`;

/** The ladder with that message selected; of very many, those around it. */
export function placeInLadder({ callId, atUs, id }: CallMessageView): string {
  return `${link(callHref(callId), { around: atUs, message: id })}#ladder`;
}

/** Where a message has a page of its own; `undefined` where no path can name its call. */
export function messagePage({ callId, id }: CallMessageView, mask: boolean): string | undefined {
  return hasPage(callId) ? link(`${callHref(callId)}/message/${id}`, { mask: mask ? 1 : undefined }) : undefined;
}

const GROUPING_TEXT: Readonly<Record<Grouping, string>> = {
  auto: 'automatic',
  alias: 'alias',
  ip: 'address',
  port: 'address and port',
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
const PAUSE_TEXT: Readonly<Record<PauseMode, string>> = { marked: 'marked', scaled: 'to scale', even: 'not drawn' };
const FOLD_TEXT = { drawn: 'drawn', counted: 'counted' } as const;

const MASK_TEXT = { shown: 'shown', masked: 'masked' } as const;
const MEDIA_TEXT = { drawn: 'drawn', 'left out': 'left out' } as const;

function LadderTools({
  found,
  call,
  ladder,
  choice,
  hasMedia,
  at,
  drawn,
}: LadderViewProps & {
  drawn: Redrawn;
}): VNode {
  return (
    <div class="tools" id="ladder">
      <Tabs
        title="Columns by"
        hotkey="h"
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
      <Tabs
        title="Pauses"
        hotkey="g"
        all={PAUSE_MODES}
        now={choice.pauses}
        words={PAUSE_TEXT}
        href={(pauses) => drawn({ pauses })}
      />
      {hasMedia ? (
        <Tabs
          title="Media"
          hotkey="m"
          all={['left out', 'drawn']}
          now={choice.media ? 'drawn' : 'left out'}
          words={MEDIA_TEXT}
          href={(name) => drawn({ media: name === 'drawn' })}
        />
      ) : undefined}
      <Tabs
        title="Credentials"
        hotkey="M"
        all={['shown', 'masked']}
        now={choice.mask ? 'masked' : 'shown'}
        words={MASK_TEXT}
        href={(name) => drawn({ mask: name === 'masked' })}
      />
      {ladder.hasRepeats ? (
        <Tabs
          title="Repeats"
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
          <a href={found.share === undefined ? fileHref(ladder, call, choice, format) : `${found.href}/${format}`}>
            {format}
          </a>
        ))}
        <span class="tabs" data-picture={at({ format: 'svg' })} data-name={callFileName(call.callId, 'png')} />
        {found.share === undefined ? <a href={`${found.href}/share`}>short link</a> : undefined}
      </span>
    </div>
  );
}

/** A file of the legs that are drawn. */
function fileHref(
  { legs }: Ladder,
  { callId }: CallMessages,
  { added, without }: LadderChoice,
  format: string,
): string {
  const withOthers = (others: readonly string[]): string | undefined => others.join(' ') || undefined;
  if (without.length === 0) return link(`${callHref(callId)}/${format}`, { with: withOthers(added) });
  const [first = callId, ...others] = legs.filter((_, index) => !without.includes(letter(index)));
  return link(`${callHref(first)}/${format}`, { legs: 'own', with: withOthers(others) });
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
function Legend({
  ladder,
  call,
  choice,
  drawn,
}: Pick<LadderViewProps, 'ladder' | 'call' | 'choice'> & { drawn: Redrawn }): VNode | undefined {
  const { legs } = ladder;
  if (legs.length < 2) return undefined;
  const known = [...call.pastLegs, ...call.entries.flatMap((entry) => entry.legs)];
  const reasons = new Map(known.map((leg) => [leg.callId, leg.reason]));
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
              {callId === call.callId ? 'this call' : <Captured text={reasons.get(callId) ?? 'added by hand'} />}
            </span>{' '}
            <a href={drawn({ without })}>{isOut ? 'draw' : 'leave out'}</a>{' '}
            <a href={link(`${callHref(callId)}/pcap`, { legs: 'own' })} aria-label={`leg ${name} alone as pcap`}>
              pcap
            </a>
            {choice.added.includes(callId) ? (
              <>
                {' '}
                <a href={drawn({ added: choice.added.filter((other) => other !== callId) })}>take away</a>
              </>
            ) : undefined}
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
