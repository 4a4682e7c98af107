import { Fault } from '../../model/fault.ts';
import type { QosRecord } from '../../model/qos.ts';
import { QUALITY } from './layouts.ts';
import { VarField } from './var-field.ts';

/** A quality record, and the octets of its set that it takes. */
export interface DecodedQos {
  record: QosRecord;
  octets: number;
}

/**
 * Decodes the record of a QoS set, `bytes[start..end)`. Realms and Call-IDs may be missing from the end.
 *
 * @returns the record, or `IPFIX_SHORT_SET`
 */
export function decodeQos(bytes: Buffer, start: number, end: number): DecodedQos | Fault {
  let at = start + QUALITY.octets;
  if (at > end) return Fault.IPFIX_SHORT_SET;
  const quality = QUALITY.read(bytes, start);
  const field = new VarField();
  const texts: string[] = [];
  while (texts.length < 4) {
    // Some programs were seen to write nothing at all for an empty text at the end.
    const isAbsent = at === end;
    if (!isAbsent && !field.read(bytes, at, end)) return Fault.IPFIX_SHORT_SET;
    texts.push(isAbsent ? '' : bytes.toString('latin1', field.start, field.end));
    if (!isAbsent) at = field.end;
  }
  const [incomingRealm = '', outgoingRealm = '', incomingCallId = '', outgoingCallId = ''] = texts;
  const { payloadType, caller, callee } = quality;
  const record: QosRecord = {
    incoming: {
      ...quality.incoming,
      callId: incomingCallId,
      realm: incomingRealm,
      caller: quality.callerIncoming,
      callee: quality.calleeIncoming,
    },
    outgoing: {
      ...quality.outgoing,
      callId: outgoingCallId,
      realm: outgoingRealm,
      caller: quality.callerOutgoing,
      callee: quality.calleeOutgoing,
    },
    payloadType,
    caller,
    callee,
    beginUs: quality.beginSeconds * 1e6 + quality.beginMicroseconds,
    endUs: quality.endSeconds * 1e6 + quality.endMicroseconds,
  };
  return { record, octets: at - start };
}
