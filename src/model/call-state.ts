/**
 * The state machine's alphabet: short names (options, counters, JSON), long names (text pages), and each state's timeout.
 * A call is held until its state's timeout passes without a message; the range bounds what an operator may set.
 */
export const CallState = {
  INVALID: 0,
  INIT: 1,
  INV_1ST: 2,
  INV_EARLY_DLG: 3,
  INV_NEG: 4,
  INV_ESTABLISHED: 5,
  INV_BYE_SEEN: 6,
  INV_BYE_REPL: 7,
  INV_CANCELED: 8,
  NON_INV_1ST: 9,
  NON_INV_NEG: 10,
  NON_INV_FIN: 11,
} as const;
export type CallState = (typeof CallState)[keyof typeof CallState];

export interface CallStateInfo {
  readonly state: CallState;
  /** Name in options, counters and JSON. */
  readonly name: string;
  /** Name in text pages and for the `state` filter. */
  readonly text: string;
  readonly description: string;
  readonly defaultSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

function row(
  state: CallState,
  name: string,
  text: string,
  defaultSeconds: number,
  minSeconds: number,
  maxSeconds: number,
  description: string,
): CallStateInfo {
  return { state, name, text, description, defaultSeconds, minSeconds, maxSeconds };
}

/** Indexed by `CallState`. */
export const CALL_STATES: readonly CallStateInfo[] = [
  row(CallState.INVALID, 'invalid', 'invalid', 1, 1, 1, 'invalid placeholder state'),
  row(CallState.INIT, 'init', 'init', 1, 1, 5, 'initial state'),
  row(CallState.INV_1ST, 'inv_1st', 'first invite', 120, 1, 7200, 'first invite seen'),
  row(CallState.INV_EARLY_DLG, 'inv_early_dlg', 'early dialog', 180, 1, 600, 'early dialog'),
  row(CallState.INV_NEG, 'inv_neg', 'invite negative reply', 30, 1, 180, 'negative reply for invite based call seen'),
  row(CallState.INV_ESTABLISHED, 'inv_established', 'established', 3600, 10, 86400, 'call established'),
  row(CallState.INV_BYE_SEEN, 'inv_bye_seen', 'bye detected', 30, 1, 600, 'bye detected'),
  row(CallState.INV_BYE_REPL, 'inv_bye_repl', 'bye replied', 5, 1, 60, 'bye replied'),
  row(CallState.INV_CANCELED, 'inv_canceled', 'canceled', 5, 1, 60, 'call canceled'),
  row(CallState.NON_INV_1ST, 'non_inv_1st', 'initial non-invite', 30, 1, 180, 'initial non-invite'),
  row(CallState.NON_INV_NEG, 'non_inv_neg', 'non-invite negative reply', 5, 1, 60, 'non-invite negative reply'),
  row(CallState.NON_INV_FIN, 'non_inv_fin', 'non-invite finished', 5, 1, 60, 'non-invite finished'),
];

/** The states an operator may set a timeout for: all but the placeholder. */
export const TIMED_CALL_STATES: readonly CallStateInfo[] = CALL_STATES.slice(1);

/** Finds a state by its short or long name. */
export function callStateByName(name: string): CallStateInfo | undefined {
  return TIMED_CALL_STATES.find((info) => info.name === name || info.text === name);
}
