import type { EventView } from '../../src/model/views.ts';

/** date -u -d @1700000000 says 2023-11-14T22:13:20Z */
export const T0_US = 1_700_000_000_000_000;

/** A call made at T0, ringing after 0.4 s, answered after 2 s and ended after 65.7 s, unless said otherwise. */
export function event(changes: Partial<EventView> = {}): EventView {
  return {
    index: 41,
    type: 'call-end',
    tsUs: T0_US + 65_700_000,
    createdUs: T0_US,
    earlyUs: T0_US + 400_000,
    finalUs: T0_US + 2_000_000,
    forkedUs: null,
    callId: 'c1@example.com',
    fromTag: 'ft',
    toTag: 'tt',
    src: { ip: '192.0.2.1', port: 5060 },
    dst: { ip: '2001:db8::2', port: 5061 },
    transport: 'tls',
    status: 200,
    attributes: {
      'sip.from': 'sip:alice@example.com',
      'sip.to': 'sip:bob@example.com',
      'sip.request.method': 'INVITE',
      'uri.original': 'sip:bob@example.com;user=phone',
      'sip.contact': 'sip:alice@192.0.2.1',
      'sip.sip_reason': 'OK',
      'user_agent.original': 'Phone/1',
      'uas.original': 'Gateway/2',
      'sip.pai1': 'sip:+1@example.com',
      'sip.pai2': 'tel:+1',
      'sip.req_sig': '26435027I004003F0000V0000',
    },
    durationMs: 63_700,
    pddMs: 400,
    ringMs: 1600,
    originator: 'callee-terminated',
    agents: ['2001@203.0.113.7:40112/udp'],
    rate: {
      exceeded: 4,
      diff: 3,
      value: 9.5,
      limit: 5,
      intervalMs: 1000,
      sinceUs: T0_US + 60_000_001,
      key: 'call-end:192.0.2.1',
    },
    debug: {
      state: 'bye detected',
      previousStates: ['init', 'first invite', 'established'],
      flags: ['Reused', 'Callee_Terminated'],
      emitted: ['call-start', 'call-end'],
      lastEvent: 'call-start',
      generatedOn: 'request',
      cseq: [1, 2],
      replyCseq: [1, 0],
      requests: [2, 1],
      replies: [3, 0],
      retransmissions: { requests: [1, 0], replies: [0, 2] },
      lastMethod: ['ACK', 'BYE'],
      lastStatus: [200, 0],
      messageTrace: '>INVITE{1}<100<180<200>ACK<BYE',
    },
    ...changes,
  };
}

/** As it comes of a single message. */
export function messageEvent(type: 'parse-error' | 'msg-probe', attributes: Record<string, string> = {}): EventView {
  return event({
    type,
    createdUs: T0_US,
    tsUs: T0_US,
    earlyUs: null,
    finalUs: null,
    fromTag: '',
    toTag: '',
    callId: '',
    status: 0,
    attributes,
    durationMs: null,
    pddMs: null,
    ringMs: null,
    originator: null,
    rate: null,
    debug: null,
  });
}
