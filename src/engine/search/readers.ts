import { CALL_STATES } from '../../model/call-state.ts';
import { EVENT_NAMES, EventType, eventName } from '../../model/event-type.ts';
import { methodName } from '../../model/method.ts';
import type { SearchField } from '../../model/search/fields.ts';
import { displayText } from '../../model/text.ts';
import { transportName } from '../../model/transport.ts';
import { type Call, CallFlag } from '../../tracker/call.ts';
import type { EventSlot } from '../../tracker/event-ring.ts';
import { firstHopOf, type Hop, hopsOf } from '../../tracker/hops.ts';
import type { LegIndex } from '../../tracker/legs.ts';
import { qosView } from '../../tracker/qos.ts';
import { Row } from '../../tracker/rows.ts';
import {
  agentsOf,
  callDurationMs,
  destinationOf,
  eventDurationMs,
  observersOf,
  ringingMs,
  setupMs,
  shownStatus,
  sourceOf,
} from '../../tracker/views.ts';
import type { SearchReader, SeenPlace } from './compile.ts';
import { uriHost } from './uri.ts';
import { TextField, textOf } from '../../tracker/text-block.ts';

/** How searches read calls. */
export function callReader(legs: LegIndex, nowUs: number): SearchReader<Call> {
  return {
    texts: (call, field) =>
      callTexts(call, field)
        .filter((text) => text !== '')
        .map(displayText),
    numbers: (call, field) => callNumbers(call, field, legs, nowUs),
    places: (call, field) => {
      if (field === 'ip') return hopsOf(call).flatMap((hop) => places(hop, 'ip'));
      const first = firstHopOf(call);
      return first === undefined ? [] : places(first, field);
    },
  };
}

/** How searches read events. */
export const EVENT_READER: SearchReader<EventSlot> = {
  texts: (slot, field) =>
    eventTexts(slot, field)
      .filter((text) => text !== '')
      .map(displayText),
  numbers: eventNumbers,
  places,
};

function places(seen: Hop | EventSlot, field: SearchField): SeenPlace[] {
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = seen;
  const source = (): SeenPlace => ({ ...sourceOf(seen), words: [src0, src1, src2, src3] });
  const destination = (): SeenPlace => ({ ...destinationOf(seen), words: [dst0, dst1, dst2, dst3] });
  switch (field) {
    case 'src':
      return [source()];
    case 'dst':
      return [destination()];
    default:
      return [source(), destination()];
  }
}

function callTexts(call: Call, field: SearchField): readonly string[] {
  switch (field) {
    case 'xcallid':
      return [call.alegCallId, call.correlationId];
    case 'agent':
      return observersOf(call).map((observer) => observer.id);
    case 'transport':
      return hopsOf(call).map((hop) => transportName(hop.transport));
    case 'state':
      return stateNames(call.state);
    case 'type':
      return EVENT_NAMES.filter((_, type) => (call.emitted & (1 << type)) !== 0);
    case 'ended':
      return call.endedUs === 0 ? [] : [endedBy(call.flags)];
    default:
      return keptTexts(call, field);
  }
}

function eventTexts(slot: EventSlot, field: SearchField): readonly string[] {
  switch (field) {
    case 'transport':
      return [transportName(slot.transport)];
    case 'state':
      return slot.hasCall ? stateNames(slot.state) : [];
    case 'type':
      return [eventName(slot.type)];
    case 'agent':
      return agentsOf(slot);
    case 'ended':
      return slot.type === EventType.CALL_END ? [endedBy(slot.flags)] : [];
    default:
      return keptTexts(slot, field);
  }
}

/** What a call and its events have under the same names. */
function keptTexts(kept: Call | EventSlot, field: SearchField): readonly string[] {
  const { block } = kept;
  switch (field) {
    case 'number':
      return [
        textOf(block, TextField.FROM),
        textOf(block, TextField.TO),
        textOf(block, TextField.REQUEST_URI),
        textOf(block, TextField.PAI1),
        textOf(block, TextField.PAI2),
      ];
    case 'from':
      return [textOf(block, TextField.FROM)];
    case 'to':
      return [textOf(block, TextField.TO)];
    case 'ruri':
      return [textOf(block, TextField.REQUEST_URI)];
    case 'uri':
      return [textOf(block, TextField.FROM), textOf(block, TextField.TO), textOf(block, TextField.REQUEST_URI)];
    case 'domain':
      return [textOf(block, TextField.FROM), textOf(block, TextField.TO), textOf(block, TextField.REQUEST_URI)].map(
        uriHost,
      );
    case 'contact':
      return [textOf(block, TextField.CONTACT)];
    case 'callid':
      return [textOf(block, TextField.CALL_ID)];
    case 'tag':
      return [textOf(block, TextField.FROM_TAG), kept.toTag];
    case 'method':
      return kept.method === 0 ? [] : [methodName(kept.method)];
    case 'reason':
      return [kept.reason];
    case 'ua':
      return [kept.userAgent, kept.uas];
    case 'any':
      return [
        textOf(block, TextField.FROM),
        textOf(block, TextField.TO),
        textOf(block, TextField.REQUEST_URI),
        textOf(block, TextField.CALL_ID),
        kept.reason,
        kept.userAgent,
        kept.uas,
      ];
    default:
      return [];
  }
}

function stateNames(state: number): string[] {
  const info = CALL_STATES[state];
  return info === undefined ? [] : [info.name, info.text];
}

function endedBy(flags: number): string {
  if ((flags & CallFlag.FORCED_TIMEOUT) !== 0) return 'timeout';
  return (flags & CallFlag.CALLEE_TERMINATED) === 0 ? 'caller' : 'callee';
}

function callNumbers(call: Call, field: SearchField, legs: LegIndex, nowUs: number): readonly number[] {
  switch (field) {
    case 'status': {
      const status = shownStatus(call);
      return status === 0 ? [] : [status];
    }
    case 'sport':
      return hopsOf(call)
        .slice(0, 1)
        .map((hop) => hop.srcPort);
    case 'dport':
      return hopsOf(call)
        .slice(0, 1)
        .map((hop) => hop.dstPort);
    case 'port':
      return hopsOf(call).flatMap((hop) => [hop.srcPort, hop.dstPort]);
    case 'start':
      return [call.createdUs];
    case 'at':
      return [call.updatedUs];
    case 'duration':
      return some(callDurationMs(call, nowUs));
    case 'hops':
      return [hopsOf(call).length + call.hopsLeftOut];
    case 'legs':
      return [legs.of(call).length];
    case 'mos':
      return lowestMos(call);
    default:
      return keptNumbers(call, field);
  }
}

function eventNumbers(slot: EventSlot, field: SearchField): readonly number[] {
  switch (field) {
    case 'index':
      return [slot.index];
    case 'status':
      return slot.status === 0 ? [] : [slot.status];
    case 'sport':
      return [slot.srcPort];
    case 'dport':
      return [slot.dstPort];
    case 'port':
      return [slot.srcPort, slot.dstPort];
    case 'start':
      return slot.createdUs === 0 ? [] : [slot.createdUs];
    case 'at':
      return [slot.tsUs];
    case 'duration':
      return some(eventDurationMs(slot));
    case 'msgs':
    case 'retrans':
      return slot.hasCall ? keptNumbers(slot, field) : [];
    default:
      return keptNumbers(slot, field);
  }
}

function keptNumbers(kept: Call | EventSlot, field: SearchField): readonly number[] {
  switch (field) {
    case 'pdd':
      return some(setupMs(kept));
    case 'ring':
      return some(ringingMs(kept));
    case 'msgs':
      return [rowSum(kept, Row.REQUESTS, 2) + rowSum(kept, Row.REPLIES, 2)];
    case 'retrans':
      return [rowSum(kept, Row.REQUEST_RETRANSMISSIONS, 2) + rowSum(kept, Row.REPLY_RETRANSMISSIONS, 2)];
    default:
      return [];
  }
}

function some(value: number | null): number[] {
  return value === null ? [] : [value];
}

function rowSum(kept: Call | EventSlot, offset: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += kept.row[kept.base + offset + at] ?? 0;
  return sum;
}

function lowestMos(call: Call): number[] {
  const records = (call.qos ?? []).map(qosView);
  const scores = records
    .flatMap(({ incoming, outgoing }) => [incoming.mos, outgoing.mos])
    .filter((mos) => mos !== null);
  return scores.length === 0 ? [] : [Math.min(...scores)];
}
