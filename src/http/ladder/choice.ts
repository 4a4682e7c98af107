import type { Params } from '../params.ts';
import { badParameter } from '../problem.ts';

/** How the ladder of a call is drawn; all of it is in the address, so that a link shows what its sender saw. */
export interface LadderChoice {
  grouping: Grouping;
  /** Retransmissions become a count at what they repeat. */
  fold: boolean;
  colour: ColourMode;
  time: TimeMode;
  sdp: SdpMode;
  /** Letters of legs that are left out. */
  without: readonly string[];
}

export const GROUPINGS = ['auto', 'port', 'ip'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** By method and class, by Call-ID, by transaction, by dialog. */
export const COLOUR_MODES = ['class', 'leg', 'transaction', 'dialog'] as const;
export type ColourMode = (typeof COLOUR_MODES)[number];

/** Time of day, since the message before, since the first. */
export const TIME_MODES = ['clock', 'previous', 'first'] as const;
export type TimeMode = (typeof TIME_MODES)[number];

/** Nothing, that there is one, its first media, every media line. */
export const SDP_MODES = ['first', 'all', 'off', 'mark'] as const;
export type SdpMode = (typeof SDP_MODES)[number];

export const USUAL: LadderChoice = {
  grouping: 'auto',
  fold: false,
  colour: 'class',
  time: 'clock',
  sdp: 'first',
  without: [],
};

export function choiceOf(params: Params): LadderChoice {
  return {
    grouping: params.choice('group', GROUPINGS) ?? USUAL.grouping,
    fold: params.flag('fold'),
    colour: params.choice('colour', COLOUR_MODES) ?? USUAL.colour,
    time: params.choice('time', TIME_MODES) ?? USUAL.time,
    sdp: params.choice('sdp', SDP_MODES) ?? USUAL.sdp,
    without: lettersOf(params),
  };
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
  const unusual = <Value extends string>(value: Value, usual: Value): Value | undefined =>
    value === usual ? undefined : value;
  return {
    group: unusual(choice.grouping, USUAL.grouping),
    fold: choice.fold ? 1 : undefined,
    colour: unusual(choice.colour, USUAL.colour),
    time: unusual(choice.time, USUAL.time),
    sdp: unusual(choice.sdp, USUAL.sdp),
    without: choice.without.length === 0 ? undefined : choice.without.join(','),
  };
}
