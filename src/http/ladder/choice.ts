import type { Params } from '../params.ts';
import { badParameter } from '../problem.ts';

/** How the ladder of a call is drawn; all of it is in the address, so that a link shows what its sender saw. */
export interface LadderChoice {
  grouping: Grouping;
  /** Keys of columns that stand before the others, and of those that are left out. */
  order: readonly string[];
  hide: readonly string[];
  /** Retransmissions become a count at what they repeat, keep-alives at the first of them. */
  fold: boolean;
  colour: ColourMode;
  time: TimeMode;
  pauses: PauseMode;
  /** Seconds without a message from which on a pause is marked. */
  gap: number;
  sdp: SdpMode;
  /** What was measured of its media is drawn among the messages. */
  media: boolean;
  /** Credentials and keys in the messages are left out. */
  mask: boolean;
  /** Letters of legs that are left out. */
  without: readonly string[];
  /** Call-IDs of calls that are drawn with it. */
  added: readonly string[];
}

export const GROUPINGS = ['auto', 'alias', 'ip', 'port'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** By method and class, by Call-ID, by transaction, by dialog. */
export const COLOUR_MODES = ['class', 'leg', 'transaction', 'dialog'] as const;
export type ColourMode = (typeof COLOUR_MODES)[number];

/** Time of day, since the message before, since the first. */
export const TIME_MODES = ['clock', 'previous', 'first'] as const;
export type TimeMode = (typeof TIME_MODES)[number];

/** Long ones are marked by a break, all are drawn in proportion, or none is to be seen. */
export const PAUSE_MODES = ['marked', 'scaled', 'even'] as const;
export type PauseMode = (typeof PAUSE_MODES)[number];

export const MAX_GAP_S = 3600;

/** Nothing, that there is one, its first media, every media line. */
export const SDP_MODES = ['first', 'all', 'off', 'mark'] as const;
export type SdpMode = (typeof SDP_MODES)[number];

export const USUAL: LadderChoice = {
  grouping: 'auto',
  order: [],
  hide: [],
  fold: false,
  colour: 'class',
  time: 'clock',
  pauses: 'marked',
  gap: 10,
  sdp: 'first',
  media: false,
  mask: false,
  without: [],
  added: [],
};

/** Messages on a page. */
export const USUAL_MESSAGES = 500;

export function choiceOf(params: Params): LadderChoice {
  return {
    grouping: params.choice('group', GROUPINGS) ?? USUAL.grouping,
    order: keysOf(params, 'order'),
    hide: keysOf(params, 'hide'),
    fold: params.flag('fold'),
    colour: params.choice('colour', COLOUR_MODES) ?? USUAL.colour,
    time: params.choice('time', TIME_MODES) ?? USUAL.time,
    pauses: params.choice('pauses', PAUSE_MODES) ?? USUAL.pauses,
    gap: params.integer(['gap'], 1, MAX_GAP_S, USUAL.gap),
    media: params.flag('media'),
    mask: params.flag('mask'),
    sdp: params.choice('sdp', SDP_MODES) ?? USUAL.sdp,
    without: lettersOf(params),
    added: addedCallIds(params, MAX_ADDED),
  };
}

/** More columns nobody arranges. */
const MAX_KEYS = 100;

/** Keys of columns, which hold no comma. */
function keysOf(params: Params, name: 'order' | 'hide'): string[] {
  const keys = (params.text(name) ?? '').split(',').filter((key) => key !== '');
  if (keys.length > MAX_KEYS) throw badParameter(name, `${keys.length} columns`, `at most ${MAX_KEYS}`);
  return keys;
}

/** More calls beside one another nobody reads. */
const MAX_ADDED = 8;

/** Whether a file has the calls that belong to those named, or them alone. */
export const FILE_LEGS = ['all', 'own'] as const;
/** Calls that a page may show besides its own, added or because they belong to it: a file can name each of them. */
export const MAX_TOGETHER = 2 * MAX_ADDED;

/** Call-IDs, which hold no white space (RFC 3261 §25.1). */
export function addedCallIds(params: Params, most: number): string[] {
  const callIds = new Set((params.text('with') ?? '').split(/\s+/).filter((callId) => callId !== ''));
  if (callIds.size > most) throw badParameter('with', `${callIds.size} calls`, `at most ${most}`);
  return [...callIds];
}

function lettersOf(params: Params): string[] {
  const text = params.text('without') ?? '';
  if (!/^(?:[A-Z]|\d{1,3})?(?:,(?:[A-Z]|\d{1,3}))*$/.test(text)) {
    throw badParameter('without', text, 'letters of legs, such as B or B,C');
  }
  return text.split(',').filter((letter) => letter !== '');
}

/** Parameters that make the same choice again; what is usual is left out. */
export function choiceParameters(choice: LadderChoice): Record<string, string | number | undefined> {
  const listed = (names: readonly string[]): string | undefined => (names.length === 0 ? undefined : names.join(','));
  const unusual = <Value extends string>(value: Value, usual: Value): Value | undefined =>
    value === usual ? undefined : value;
  return {
    group: unusual(choice.grouping, USUAL.grouping),
    order: listed(choice.order),
    hide: listed(choice.hide),
    fold: choice.fold ? 1 : undefined,
    colour: unusual(choice.colour, USUAL.colour),
    time: unusual(choice.time, USUAL.time),
    pauses: unusual(choice.pauses, USUAL.pauses),
    gap: choice.gap === USUAL.gap ? undefined : choice.gap,
    media: choice.media ? 1 : undefined,
    mask: choice.mask ? 1 : undefined,
    sdp: unusual(choice.sdp, USUAL.sdp),
    without: listed(choice.without),
    with: choice.added.length === 0 ? undefined : choice.added.join(' '),
  };
}
