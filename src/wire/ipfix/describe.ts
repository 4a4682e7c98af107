import type { KeptEnvelope } from '../../model/packet.ts';
import type { EnvelopeFieldView } from '../../model/views.ts';
import { address, decimal, FieldList, hex, named, type Show, text, unsigned } from '../field-list.ts';
import { SetId } from './format.ts';

/** What an SBC's record says besides the message in it, for people: nothing here is used to decode one. */

const SETS = new Map<number, string>([
  [SetId.SIP_UDP_IN, 'SIP over UDP, received'],
  [SetId.SIP_UDP_OUT, 'SIP over UDP, sent'],
  [SetId.SIP_TCP_IN, 'SIP over TCP, received'],
  [SetId.SIP_TCP_OUT, 'SIP over TCP, sent'],
]);
const LONG_FORM = 0xff;
const IPV4_WORD = 4;

/** Fields of a record with SIP, in their order. */
export function describeSipSet({ before }: KeptEnvelope): { fields: EnvelopeFieldView[]; isCut: boolean } {
  const list = new FieldList(before);
  const id = unsigned(list.take('set id', 2, named(SETS)));
  list.take('set length', 2);
  list.take('seconds since 1970', 4);
  list.take('microseconds', 4);
  list.take('slot', 1);
  list.take('port of the slot', 1);
  list.take('VLAN', 2);
  const overTcp = id === SetId.SIP_TCP_IN || id === SetId.SIP_TCP_OUT;
  if (overTcp) {
    list.take('destination address', 4, address);
    list.take('source address', 4, address);
    list.take('destination port', 2);
    list.take('source port', 2);
    list.take('context id', 4);
  }
  if (id === SetId.SIP_UDP_OUT || id === SetId.SIP_TCP_OUT) {
    const length = unsigned(list.take('length of the Call-ID', 1));
    list.take('Call-ID of the leg it was received on', length, text);
  }
  const isLong = list.peek() === LONG_FORM;
  list.take(overTcp ? 'length of the message' : 'length of the IP packet', isLong ? 3 : 1, isLong ? longForm : decimal);
  if (!overTcp) takeDatagram(list);
  return list;
}

/** 255, then the length in two octets (RFC 7011 §7). */
const longForm: Show = (value) => decimal(value.subarray(1));
const lowHalf: Show = (value) => String(unsigned(value) & 0xf);
const highHalf: Show = (value) => String(unsigned(value) >> 4);

/** Heads of IP and UDP before what they carry. */
function takeDatagram(list: FieldList): void {
  if (list.peek() >> 4 === IPV4_WORD) {
    const words = list.peek() & 0xf;
    list.take('IP version and words of the header', 1, (value) => `${highHalf(value)}, ${lowHalf(value)}`);
    list.take('IP type of service', 1, hex);
    list.take('IP total length', 2);
    list.take('IP identification', 2, hex);
    list.take('IP flags and fragment offset', 2, hex);
    list.take('IP time to live', 1);
    list.take('IP protocol', 1);
    list.take('IP checksum', 2, hex);
    list.take('source address', 4, address);
    list.take('destination address', 4, address);
    if (words > 5) list.take('IP options', (words - 5) * 4, hex);
  } else {
    list.take('IP version, traffic class and flow label', 4, hex);
    list.take('IP payload length', 2);
    list.take('IP next header', 1);
    list.take('IP hop limit', 1);
    list.take('source address', 16, address);
    list.take('destination address', 16, address);
  }
  list.take('source port', 2);
  list.take('destination port', 2);
  list.take('UDP length', 2);
  list.take('UDP checksum', 2, hex);
}
