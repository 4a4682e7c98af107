import type { Packet } from '../model/packet.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Account } from './account.ts';

/** Whose a message is: ours, another shard's, which has it now, or another's that had no room for it. */
export const Passed = { OURS: 0, TAKEN: 1, NO_ROOM: 2 } as const;
export type Passed = (typeof Passed)[keyof typeof Passed];

/** The other engine threads, each of which tracks its share of the calls. */
export interface OtherShards {
  /** Hands a parsed message over to the shard that tracks its call. Its octets have been copied when this returns. */
  pass(packet: Packet, message: SipMessage, account: Account, isStream: boolean): Passed;
}
