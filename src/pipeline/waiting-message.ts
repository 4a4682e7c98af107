import { Packet } from '../model/packet.ts';
import { SipMessage } from '../sip/message.ts';
import { Account } from './account.ts';

/** Messages that may wait for their tracking: more gain nothing, and would push one another out of the caches. */
export const WAITING_MESSAGES = 32;

const NO_OCTETS = Buffer.alloc(0);
const NOBODY = new Account('', '', 0);

/** A parsed message that waits for its tracking, with all that has been found out about it. Used again and again. */
export class WaitingMessage {
  readonly packet = new Packet(NO_OCTETS);
  readonly message = new SipMessage(NO_OCTETS);
  account = NOBODY;
  /** Of its Call-ID, see `CallTracker.hashOf`. */
  hash = 0;
}
