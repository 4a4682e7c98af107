/** Event types by number, as bits of an entry's "already emitted" set, and their public names. */
export const EventType = {
  EMPTY: 0,
  CALL_START: 1,
  CALL_END: 2,
  CALL_ATTEMPT: 3,
  AUTH_FAILED: 4,
  ACTION_LOG: 5,
  REG_NEW: 6,
  REG_DEL: 7,
  REG_EXPIRED: 8,
  SUB_NEW: 9,
  SUB_DEL: 10,
  OTHER_FAILED: 11,
  OTHER_TIMEOUT: 12,
  OTHER_OK: 13,
  PARSE_ERROR: 14,
  MSG_PROBE: 15,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** Indexed by `EventType`. */
export const EVENT_NAMES: readonly string[] = [
  'empty',
  'call-start',
  'call-end',
  'call-attempt',
  'auth-failed',
  'action-log',
  'reg-new',
  'reg-del',
  'reg-expired',
  'sub-new',
  'sub-del',
  'other-failed',
  'other-timeout',
  'other-ok',
  'parse-error',
  'msg-probe',
];

/** Types that can be switched off: all but the placeholder. */
export const SELECTABLE_EVENTS: readonly { readonly type: EventType; readonly name: string }[] = Object.values(
  EventType,
)
  .filter((type) => type !== EventType.EMPTY)
  .map((type) => ({ type, name: eventName(type) }));

export function eventName(type: number): string {
  return EVENT_NAMES[type] ?? 'invalid';
}

export function eventByName(name: string): EventType | undefined {
  const lower = name.toLowerCase();
  return SELECTABLE_EVENTS.find((info) => info.name === lower)?.type;
}
