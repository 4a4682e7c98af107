/** SIP methods by number; the numbers are the digits of the request signature, and 0 means "not a method". */
export const Method = {
  UNDEF: 0,
  REGISTER: 1,
  INVITE: 2,
  ACK: 3,
  BYE: 4,
  PRACK: 5,
  CANCEL: 6,
  OPTIONS: 7,
  SUBSCRIBE: 8,
  NOTIFY: 9,
  UPDATE: 10,
  INFO: 11,
  REFER: 12,
  PUBLISH: 13,
  MESSAGE: 14,
  OTHER: 15,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

export const METHOD_NAMES: readonly string[] = Object.keys(Method);

/** Name of a method number; unknown methods of the wire are all `OTHER`. */
export function methodName(method: number): string {
  return METHOD_NAMES[method] ?? 'OTHER';
}
