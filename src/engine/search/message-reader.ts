import { formatIp } from '../../model/endpoint.ts';
import { headerName } from '../../model/header-name.ts';
import { methodName } from '../../model/method.ts';
import type { SearchField } from '../../model/search/fields.ts';
import { displayText } from '../../model/text.ts';
import { transportName } from '../../model/transport.ts';
import { headerFields } from '../../sip/header-fields.ts';
import type { SipMessage } from '../../sip/message.ts';
import { parseSip } from '../../sip/parse.ts';
import type { KeptMessage } from '../../tracker/message-ring.ts';
import { DISPLAY_OPTIONS, REPEAT_NAMES } from '../call-messages.ts';
import type { SearchReader, SeenPlace } from './compile.ts';
import { uriHost } from './uri.ts';

/**
 * A kept message as searches read it. It is parsed only when a field asks for it: most searches leave most messages
 * out by their time or their addresses.
 */
export class SearchedMessage {
  readonly kept: KeptMessage;
  readonly #sip: SipMessage;
  #isParsed = false;
  #text: string | undefined;

  /**
   * @param kept its octets are read until the search goes on to the next message
   * @param sip filled anew; what it was filled with before is over
   */
  constructor(kept: KeptMessage, sip: SipMessage) {
    this.kept = kept;
    this.#sip = sip;
  }

  get sip(): SipMessage {
    if (!this.#isParsed) {
      const { octets } = this.kept;
      this.#isParsed = true;
      // A message kept in part may end in a fault; what was read until then still holds.
      parseSip(octets, 0, octets.length, DISPLAY_OPTIONS, this.#sip);
    }
    return this.#sip;
  }

  /** One character per octet. */
  get text(): string {
    return (this.#text ??= this.kept.octets.toString('latin1'));
  }
}

/** How searches read kept messages. */
export const MESSAGE_READER: SearchReader<SearchedMessage> = {
  texts: (message, field) =>
    textsOf(message, field)
      .filter((text) => text !== '')
      .map(displayText),
  numbers: numbersOf,
  places: ({ kept }, field) => {
    switch (field) {
      case 'src':
        return [source(kept)];
      case 'dst':
        return [destination(kept)];
      default:
        return [source(kept), destination(kept)];
    }
  },
  headers: ({ text }, name) => headerFields(text, headerName(name)).map(({ value }) => displayText(value)),
};

function source({ family, src, srcPort }: KeptMessage): SeenPlace {
  return { words: src, port: srcPort, ip: formatIp(family, ...src) };
}

function destination({ family, dst, dstPort }: KeptMessage): SeenPlace {
  return { words: dst, port: dstPort, ip: formatIp(family, ...dst) };
}

function textsOf(message: SearchedMessage, field: SearchField): readonly string[] {
  const { kept } = message;
  switch (field) {
    case 'agent':
      return kept.observers;
    case 'transport':
      return [transportName(kept.transport)];
    case 'repeat':
      return [REPEAT_NAMES[kept.repeat] ?? ''];
    case 'payload':
      return [message.text];
    case 'header':
      return headerFields(message.text).map(({ name, value }) => `${name}: ${value}`);
    default:
      return sipTexts(message.sip, field);
  }
}

function sipTexts(sip: SipMessage, field: SearchField): readonly string[] {
  const from = (): string => sip.text(sip.fromUriStart, sip.fromUriEnd);
  const to = (): string => sip.text(sip.toUriStart, sip.toUriEnd);
  const requestUri = (): string => sip.text(sip.uriStart, sip.uriEnd);
  const callId = (): string => sip.text(sip.callIdStart, sip.callIdEnd);
  const reason = (): string => sip.text(sip.reasonStart, sip.reasonEnd);
  const agents = (): string[] => [
    sip.text(sip.userAgentStart, sip.userAgentEnd),
    sip.text(sip.serverStart, sip.serverEnd),
  ];
  switch (field) {
    case 'number':
      return [from(), to(), requestUri(), sip.text(sip.pai1Start, sip.pai1End), sip.text(sip.pai2Start, sip.pai2End)];
    case 'from':
      return [from()];
    case 'to':
      return [to()];
    case 'ruri':
      return [requestUri()];
    case 'uri':
      return [from(), to(), requestUri()];
    case 'domain':
      return [from(), to(), requestUri()].map(uriHost);
    case 'kind':
      return [sip.isRequest ? 'request' : 'reply'];
    case 'contact':
      return Array.from({ length: Math.min(sip.contactCount, sip.contactUriStart.length) }, (_, n) =>
        sip.text(sip.contactUriStart[n] ?? 0, sip.contactUriEnd[n] ?? 0),
      );
    case 'callid':
      return [callId()];
    case 'tag':
      return [sip.text(sip.fromTagStart, sip.fromTagEnd), sip.text(sip.toTagStart, sip.toTagEnd)];
    case 'branch':
      return [sip.text(sip.viaBranchStart, sip.viaBranchEnd)];
    case 'method':
      return [methodName(sip.isRequest ? sip.method : sip.cseqMethod)];
    case 'reason':
      return [reason()];
    case 'ua':
      return agents();
    case 'any':
      return [from(), to(), requestUri(), callId(), reason(), ...agents()];
    default:
      return [];
  }
}

function numbersOf(message: SearchedMessage, field: SearchField): readonly number[] {
  const { kept } = message;
  switch (field) {
    case 'at':
      return [kept.trackedAtUs];
    case 'sport':
      return [kept.srcPort];
    case 'dport':
      return [kept.dstPort];
    case 'port':
      return [kept.srcPort, kept.dstPort];
    case 'size':
      return [kept.length];
    case 'status':
      return message.sip.isRequest ? [] : [message.sip.statusCode];
    case 'cseq':
      return message.sip.cseq < 0 ? [] : [message.sip.cseq];
    default:
      return [];
  }
}
