import type { ExpectedCall, ExpectedHop, Pair } from './expected.ts';

/** A SIP message as a dissector shows it. */
export interface WireSip {
  callId: string;
  /** Request method, `''` for a reply. */
  method: string;
  /** Reply status, 0 for a request. */
  status: number;
  cseq: number;
  cseqMethod: string;
  branch: string;
  from: string;
  fromTag: string;
  to: string;
  toTag: string;
  requestUri: string;
  /** First Contact without its parameters, and what is granted for it; `''` = none. */
  contact: string;
  contactExpires: string;
  /** Expires header, `''` = none. */
  expires: string;
  src: string;
  dst: string;
  transport: string;
}

/** How a sighting relates to what was seen before. */
export type Sighting = 'new' | 'other hop' | 'seen again' | 'retransmission';

const DUP_WINDOW_US = 50_000;
const TRACE_LENGTH = 16;

interface TraceItem {
  text: string;
  retransmissions: number;
}

interface Hop extends ExpectedHop {
  /** Message and branch → when it was last seen on this hop. */
  seen: Map<string, number>;
}

/**
 * The rules for a call said as plainly as possible, for one initiator and messages of its own transactions: enough
 * for the captures, too little for a product. What it was not made for throws, so no expectation is a guess.
 */
export class CallModel {
  readonly #first: WireSip;
  #toTag = '';
  #state = 'init';
  #status = 0;
  #cseq = 0;
  readonly #createdUs: number;
  #earlyUs = 0;
  /** Answered or refused for good. */
  #finalUs = 0;
  #byeUs = 0;
  #retransmittedRequests = 0;
  #retransmittedReplies = 0;
  readonly #requests = new Set<string>();
  readonly #replies = new Set<string>();
  readonly #hops: Hop[] = [];
  readonly #trace = new Map<string, TraceItem>();
  readonly #events: string[] = [];
  /** What the last REGISTER or SUBSCRIBE asked for. */
  #asked: WireSip | undefined;
  #bound = false;
  #subscribed = false;

  constructor(first: WireSip, timeUs: number) {
    if (first.method === '' || first.toTag !== '') throw new Error(`${first.callId} does not begin with a request`);
    this.#first = first;
    this.#createdUs = timeUs;
  }

  see(sip: WireSip, timeUs: number): Sighting {
    if (sip.fromTag !== this.#first.fromTag)
      throw new Error(`${sip.callId}: the callee's transactions are not modelled`);
    const sighting = this.#classify(sip, timeUs);
    if (sighting === 'retransmission') this.#countRetransmission(sip);
    if (sighting === 'new') this.#take(sip, timeUs);
    return sighting;
  }

  expected(): ExpectedCall {
    const { callId, method, fromTag, from, to, requestUri } = this.#first;
    const hops = this.#hops.map(({ src, dst, transport, messages }) => ({ src, dst, transport, messages }));
    const [firstHop] = hops;
    if (firstHop === undefined) throw new Error(`${callId}: no message`);
    const { src, dst, transport } = firstHop;
    return {
      callId,
      method,
      fromTag,
      toTag: this.#toTag,
      from,
      to,
      requestUri,
      src,
      dst,
      transport,
      state: this.#state,
      statuses: [this.#status, 0],
      cseq: [this.#cseq, 0],
      requests: [this.#requests.size, 0],
      replies: [this.#replies.size, 0],
      retransmissions: {
        requests: [this.#retransmittedRequests, 0] satisfies Pair,
        replies: [this.#retransmittedReplies, 0] satisfies Pair,
      },
      messageTrace: this.#traceText(),
      hops,
      pddMs: between(this.#createdUs, this.#earlyUs || this.#finalUs),
      ringMs: between(this.#earlyUs, this.#finalUs),
      durationMs: this.#byeUs === 0 ? null : between(this.#finalUs, this.#byeUs),
      events: { atOnce: this.#events, atTimeout: this.#eventsAtTimeout() },
    };
  }

  /** One message is the same on every hop; on one hop only branch and time tell a report from a retransmission. */
  #classify(sip: WireSip, timeUs: number): Sighting {
    const key = messageKey(sip);
    const hop = this.#hopOf(sip);
    const onHop = `${key} ${sip.branch}`;
    const before = hop.seen.get(onHop);
    hop.seen.set(onHop, timeUs);
    if (before !== undefined) return timeUs - before < DUP_WINDOW_US ? 'seen again' : 'retransmission';
    hop.messages++;
    return this.#trace.has(key) ? 'other hop' : 'new';
  }

  /** A hop is the link between two endpoints, named from the initiator's side. */
  #hopOf(sip: WireSip): Hop {
    const { transport } = sip;
    const [src, dst] = sip.method === '' ? [sip.dst, sip.src] : [sip.src, sip.dst];
    const known = this.#hops.find((hop) => hop.src === src && hop.dst === dst && hop.transport === transport);
    if (known !== undefined) return known;
    const hop: Hop = { src, dst, transport, messages: 0, seen: new Map() };
    this.#hops.push(hop);
    return hop;
  }

  #countRetransmission(sip: WireSip): void {
    const item = this.#trace.get(messageKey(sip));
    if (item !== undefined) item.retransmissions++;
    if (sip.method === '') this.#retransmittedReplies++;
    else this.#retransmittedRequests++;
  }

  #take(sip: WireSip, timeUs: number): void {
    const key = messageKey(sip);
    const text = sip.method === '' ? `<${sip.status}` : `>${sip.method}`;
    this.#trace.set(key, { text, retransmissions: 0 });
    (sip.method === '' ? this.#replies : this.#requests).add(key);
    this.#followToTag(sip);
    const before = this.#state;
    if (sip.method === '') this.#reply(sip);
    else this.#request(sip);
    if (this.#state !== before) this.#noteTime(timeUs);
  }

  #noteTime(timeUs: number): void {
    switch (this.#state) {
      case 'inv_early_dlg':
        this.#earlyUs = timeUs;
        break;
      case 'inv_established':
      case 'non_inv_fin':
        this.#finalUs = timeUs;
        break;
      case 'inv_bye_seen':
        this.#byeUs = timeUs;
        break;
      case 'inv_neg':
      case 'non_inv_neg':
      case 'inv_canceled':
        if (this.#finalUs === 0) this.#finalUs = timeUs;
    }
  }

  #followToTag(sip: WireSip): void {
    if (sip.cseqMethod === 'CANCEL') return;
    const createsDialog = this.#first.method === 'INVITE';
    // A new attempt after a refusal begins without a To-tag and gets a new one.
    if (sip.method === 'INVITE' && sip.toTag === '' && this.#state === 'inv_neg') this.#toTag = '';
    if (sip.toTag === '' || sip.toTag === this.#toTag) return;
    if (createsDialog && this.#toTag !== '') throw new Error(`${sip.callId}: forks are not modelled`);
    this.#toTag = sip.toTag;
  }

  /** Bindings or subscriptions held at the end, and how many there were. */
  leases(): { bindings: number; bound: number; subscribed: number } {
    const bindings = this.#events.filter((event) => event.startsWith('reg-new')).length;
    return { bindings, bound: this.#bound ? 1 : 0, subscribed: this.#subscribed ? 1 : 0 };
  }

  #request(sip: WireSip): void {
    if (sip.method === 'REGISTER' || sip.method === 'SUBSCRIBE') this.#asked = sip;
    this.#cseq = Math.max(this.#cseq, sip.cseq);
    switch (`${sip.method} in ${this.#state}`) {
      case 'INVITE in init':
      case 'INVITE in inv_neg':
        this.#state = 'inv_1st';
        break;
      case 'CANCEL in inv_early_dlg':
        this.#state = 'inv_canceled';
        break;
      case 'BYE in inv_established':
        this.#state = 'inv_bye_seen';
        this.#events.push(`call-end ${this.#status}`);
        break;
      case 'ACK in inv_established':
      case 'ACK in inv_neg':
      case 'ACK in inv_canceled':
      case 'INVITE in inv_established':
      case 'REGISTER in non_inv_neg':
      case 'REGISTER in non_inv_fin':
        break;
      default:
        if (this.#state !== 'init' || ['ACK', 'BYE', 'CANCEL'].includes(sip.method)) {
          throw new Error(`${sip.callId}: ${sip.method} in ${this.#state} is not modelled`);
        }
        this.#state = 'non_inv_1st';
    }
  }

  #reply(sip: WireSip): void {
    if (sip.cseqMethod === this.#first.method) this.#status = sip.status;
    const answer = sip.status < 200 ? (sip.toTag === '' ? '100' : '1xx') : sip.status < 300 ? '2xx' : 'refused';
    switch (`${sip.cseqMethod} ${answer} in ${this.#state}`) {
      case 'INVITE 100 in inv_1st':
      case 'INVITE 1xx in inv_established':
      case 'INVITE 2xx in inv_established':
      case 'INVITE refused in inv_canceled':
      case 'CANCEL 2xx in inv_canceled':
      case 'REGISTER refused in non_inv_neg':
        break;
      case 'INVITE 1xx in inv_1st':
        this.#state = 'inv_early_dlg';
        break;
      case 'INVITE 2xx in inv_1st':
      case 'INVITE 2xx in inv_early_dlg':
        this.#state = 'inv_established';
        this.#events.push(`call-start ${sip.status}`);
        break;
      case 'INVITE refused in inv_1st':
      case 'INVITE refused in inv_early_dlg':
        this.#state = 'inv_neg';
        break;
      case 'BYE 2xx in inv_bye_seen':
        this.#state = 'inv_bye_repl';
        break;
      default:
        this.#replyOutsideInvite(sip, answer);
    }
  }

  #replyOutsideInvite(sip: WireSip, answer: string): void {
    if (sip.cseqMethod !== this.#first.method || !this.#state.startsWith('non_inv_')) {
      throw new Error(`${sip.callId}: ${sip.status} to ${sip.cseqMethod} in ${this.#state} is not modelled`);
    }
    if (answer === 'refused') this.#state = 'non_inv_neg';
    if (answer !== '2xx') return;
    this.#state = 'non_inv_fin';
    if (sip.cseqMethod === 'SUBSCRIBE') this.#subscribe(sip);
    if (sip.cseqMethod === 'REGISTER') this.#register(sip);
  }

  /** A contact asked for is bound when the reply lists it with time left (RFC 3261 §10.3), otherwise it is not. */
  #register(sip: WireSip): void {
    const contact = this.#asked?.contact ?? '';
    if (contact === '') throw new Error(`${sip.callId}: a REGISTER without Contact is not modelled`);
    const listed = sip.contact === contact;
    const bound = listed && Number(sip.contactExpires || sip.expires) > 0;
    // Each reply of a registrar has a To-tag of its own, and the event that of its reply.
    if (bound !== this.#bound) this.#events.push(`${bound ? 'reg-new' : 'reg-del'} ${sip.status} ${sip.toTag}`);
    this.#bound = bound;
  }

  #subscribe(sip: WireSip): void {
    if (Number(sip.expires || this.#asked?.expires) === 0)
      throw new Error(`${sip.callId}: the end of a subscription is not modelled`);
    if (!this.#subscribed) this.#events.push(`sub-new ${sip.status}`);
    this.#subscribed = true;
  }

  #eventsAtTimeout(): string[] {
    const credentials = this.#status === 401 || this.#status === 407;
    switch (this.#state) {
      case 'inv_bye_repl':
        return [];
      case 'inv_canceled':
        return [`call-attempt ${this.#status}`];
      case 'inv_neg':
        return [`${credentials ? 'auth-failed' : 'call-attempt'} ${this.#status}`];
      case 'non_inv_neg':
        return [`${credentials ? 'auth-failed' : 'other-failed'} ${this.#status}`];
      case 'non_inv_fin':
        if (this.#first.method === 'REGISTER') return this.#bound ? [`reg-expired ${this.#status}`] : [];
        return [`${this.#subscribed ? 'sub-del' : 'other-ok'} ${this.#status}`];
      default:
        throw new Error(`${this.#first.callId} ends in ${this.#state}, which is not modelled`);
    }
  }

  #traceText(): string {
    const items = [...this.#trace.values()];
    const dropped = items.length - TRACE_LENGTH;
    const kept = dropped > 0 ? items.slice(dropped) : items;
    const text = kept.map((item) => item.text + (item.retransmissions > 0 ? `{${item.retransmissions}}` : ''));
    return (dropped > 0 ? `...[${dropped}]` : '') + text.join('');
  }
}

function messageKey(sip: WireSip): string {
  return `${sip.method}${sip.status} ${sip.cseq} ${sip.cseqMethod}`;
}

function between(startUs: number, endUs: number): number | null {
  return startUs === 0 || endUs === 0 ? null : (endUs - startUs) / 1000;
}
