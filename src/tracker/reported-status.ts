import { CallState } from '../model/call-state.ts';
import { EventType } from '../model/event-type.ts';
import { type Call, CallFlag } from './call.ts';
import { half, Row } from './rows.ts';

const STATUS_TIMEOUT = 408;
const STATUS_CANCELED = 487;
const STATUS_IMPLIED_START = 290;
const STATUS_IMPLIED_END = 291;

/** Status and reason of an event: the stored ones, or what stands for one that was never seen. */
export function reportedStatus(call: Call, type: EventType): { code: number; reason: string } {
  if ((call.flags & CallFlag.FORCED_TIMEOUT) !== 0) {
    return { code: STATUS_TIMEOUT, reason: 'internal: call state timeout' };
  }
  const code = half(call.row, call.base + Row.STATUS, 0);
  if (type === EventType.SUB_NEW && (code < 200 || code >= 300)) {
    // NOTIFY told it; what is stored is of an attempt before.
    return { code: STATUS_IMPLIED_START, reason: 'internal: implied OK' };
  }
  if (code >= 200) return { code, reason: call.reason };
  switch (type) {
    case EventType.CALL_START:
      return { code: STATUS_IMPLIED_START, reason: 'internal: implied OK' };
    case EventType.CALL_END:
    case EventType.SUB_DEL:
      return { code: STATUS_IMPLIED_END, reason: 'internal: implied OK' };
    case EventType.CALL_ATTEMPT:
      if (call.state === CallState.INV_CANCELED) return { code: STATUS_CANCELED, reason: 'internal: cancel' };
      return { code, reason: call.reason };
    default:
      return { code, reason: call.reason };
  }
}
