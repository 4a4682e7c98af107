import { Fault } from '../../model/fault.ts';
import { MESSAGE_HEADER, SET_HEADER, SetId, uint16 } from './format.ts';

/**
 * Goes through the sets of one message, whose header the framer has checked.
 *
 *   for (walk.begin(bytes, start, end); walk.next();) … walk.id, walk.start, walk.end
 *   walk.fault says whether the message ended there or went wrong, walk.start where
 */
export class SetWalk {
  id = 0;
  /** Record and padding of the set: `bytes[start..end)`. After a fault `start` is where the bad set begins. */
  start = 0;
  end = 0;
  /** Sets seen so far. */
  count = 0;
  fault: Fault = Fault.NONE;
  #bytes: Uint8Array = Buffer.alloc(0);
  #messageEnd = 0;

  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#messageEnd = end;
    this.id = 0;
    this.start = start;
    this.end = start + MESSAGE_HEADER;
    this.count = 0;
    this.fault = Fault.NONE;
  }

  next(): boolean {
    const at = this.end;
    const left = this.#messageEnd - at;
    if (left === 0) return false;
    const length = left < SET_HEADER ? 0 : uint16(this.#bytes, at + 2);
    this.id = left < SET_HEADER ? -1 : uint16(this.#bytes, at);
    this.start = at + SET_HEADER;
    // Vendor papers speak of keep-alives of length 0, which no set can have: such a one is the end of its message.
    const endsMessage = this.id === SetId.KEEPALIVE && length === 0;
    this.end = endsMessage ? this.#messageEnd : at + length;
    if (!endsMessage && (length < SET_HEADER || length > left)) {
      this.start = at;
      this.end = this.#messageEnd;
      this.fault = Fault.IPFIX_BAD_SET;
      return false;
    }
    this.count++;
    return true;
  }
}
