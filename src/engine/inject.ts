import { type IpWords, parseEndpoint } from '../model/endpoint.ts';
import { EngineRequestError, type InjectedMessage } from '../model/engine.ts';
import { faultInfo } from '../model/fault.ts';
import { displayText } from '../model/text.ts';
import { transportByName, Transport } from '../model/transport.ts';
import type { InjectView } from '../model/views.ts';
import type { Injector } from '../pipeline/inject.ts';
import type { SipMessage } from '../sip/message.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { callView } from '../tracker/views.ts';

/** Octets shown of what could not be read. */
const REST_OCTETS = 40;

/** Injects a message and answers what became of it, with its calls as they are then. */
export function injectMessage(
  { octets, transport, src, dst }: InjectedMessage,
  injector: Injector,
  tracker: CallTracker,
  nowUs: number,
): InjectView {
  const typed = {
    octets: Buffer.from(octets),
    transport: transportByName(transport) ?? Transport.UNKNOWN,
    src: endpointOf('src', src),
    dst: endpointOf('dst', dst),
  };
  if (typed.src.family !== typed.dst.family) {
    throw new EngineRequestError(`dst: ${dst}, must be of the same IP version as src ${src}`);
  }
  const { outcome, fault, parsed, message } = injector.inject(typed, nowUs);
  const { code, text } = faultInfo(fault);
  const callId = message.text(message.callIdStart, message.callIdEnd);
  const calls = callId === '' ? [] : tracker.held(callId);
  return {
    outcome,
    code: outcome === 'refused' ? code : '',
    reason: outcome === 'refused' ? text : '',
    octets: typed.octets.length,
    parsedOctets: parsed,
    rest: displayText(typed.octets.toString('latin1', parsed, parsed + REST_OCTETS)),
    fields: fieldsOf(message),
    callId: displayText(callId),
    entries: calls.map((call) => callView(call, nowUs, tracker.legs.of(call))),
  };
}

function endpointOf(name: string, text: string): IpWords & { port: number } {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  throw new EngineRequestError(`${name}: "${text.slice(0, 100)}", must be an address and a port as in 192.0.2.1:5060`);
}

function fieldsOf(message: SipMessage): InjectView['fields'] {
  const text = (start: number, end: number): string => displayText(message.text(start, end));
  const number = (value: number): string => (value < 0 ? '' : String(value));
  const contacts = Array.from({ length: Math.min(message.contactCount, message.contactUriStart.length) }, (_, at) =>
    text(message.contactUriStart[at] ?? 0, message.contactUriEnd[at] ?? 0),
  );
  const fields: [string, string][] = [
    ['method', text(message.methodStart, message.methodEnd)],
    ['request URI', text(message.uriStart, message.uriEnd)],
    ['status', message.statusCode === 0 ? '' : String(message.statusCode)],
    ['reason', text(message.reasonStart, message.reasonEnd)],
    ['Call-ID', text(message.callIdStart, message.callIdEnd)],
    ['CSeq', message.cseq < 0 ? '' : `${message.cseq} ${text(message.cseqMethodStart, message.cseqMethodEnd)}`],
    ['From URI', text(message.fromUriStart, message.fromUriEnd)],
    ['From tag', text(message.fromTagStart, message.fromTagEnd)],
    ['To URI', text(message.toUriStart, message.toUriEnd)],
    ['To tag', text(message.toTagStart, message.toTagEnd)],
    ['Via branch', text(message.viaBranchStart, message.viaBranchEnd)],
    ['Contact', message.contactStar ? '*' : contacts.join(', ')],
    ['Expires', number(message.expires)],
    ['Max-Forwards', number(message.maxForwards)],
    ['User-Agent', text(message.userAgentStart, message.userAgentEnd)],
    ['Server', text(message.serverStart, message.serverEnd)],
    ['Content-Type', text(message.contentTypeStart, message.contentTypeEnd)],
    ['Content-Length', number(message.contentLength)],
    ['body octets', String(message.bodyEnd - message.bodyStart)],
    ['header fields', String(message.headerCount)],
  ];
  return fields.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}
