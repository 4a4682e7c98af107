import type { CallMessageView } from '../../model/views.ts';

/** What colour and line a row has: by method, by class of the status, what was expected and not seen, or no SIP. */
export type RowTone = 'invite' | 'request' | 's1' | 's2' | 's3' | 's4' | 's5' | 's6' | 'ghost' | 'media';

export interface LadderRow {
  /** `undefined` for what should be there but was not captured, and for what is no SIP. */
  message: CallMessageView | undefined;
  /** Indexes of columns. */
  from: number;
  to: number;
  tone: RowTone;
  /** Method, or status and reason. */
  label: string;
  /** What else is worth a glance: user of the Request-URI, media, leg, branch. */
  details: string[];
  /** What is odd about it, such as its place in the order; empty for most. */
  warning: string;
  /** 1 for the first retransmission of a message, 0 for the message itself. */
  retransmission: number;
  /** Retransmissions folded into this row. */
  folded: number;
  /** How often the same happened in a row, folded into this row. */
  times: number;
  atUs: number;
  /** Microseconds since the row before, and since the first. */
  deltaUs: number;
  sinceFirstUs: number;
  /** Mean opinion score of media, where one was told. */
  mos: number | null;
  /** Number of its leg. */
  leg: number;
  /** Number of its transaction; an ACK or CANCEL belongs to the INVITE it is about. */
  transaction: number;
  /** Number of what it is coloured by; `undefined` where that is its tone. */
  hue: number | undefined;
}
