import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.ts';

/**
 * What a collector must know after it received a capture's HEP packets: `fixtures/expected/<capture>.json`.
 * Endpoints are `ip:port`; pairs are [initiator's transactions, other party's transactions].
 */
export interface Expected {
  /** File in `fixtures/captures` whose HEP packets are sent. */
  capture: string;
  /** UDP port the HEP packets of the capture went to. */
  hepPort: number;
  agent: ExpectedAgent;
  /** `group.name` → value when everything has been received. */
  counters: Record<string, number>;
  calls: ExpectedCall[];
}

export interface ExpectedAgent {
  /** As in the capture; a test sends from a port of its own. */
  source: string;
  /** As shown: agents that shift it by 16 bits are understood. */
  captureId: number;
  versions: number[];
  packets: number;
  bytes: number;
  sip: number;
  other: number;
}

export interface ExpectedCall {
  callId: string;
  method: string;
  fromTag: string;
  toTag: string;
  from: string;
  to: string;
  requestUri: string;
  src: string;
  dst: string;
  transport: string;
  state: string;
  statuses: Pair;
  cseq: Pair;
  requests: Pair;
  replies: Pair;
  retransmissions: { requests: Pair; replies: Pair };
  messageTrace: string;
  hops: ExpectedHop[];
  /** Exact, by the times in the HEP packets (in version 1 those of the capture); `null` where the call did not get that far. */
  pddMs: number | null;
  ringMs: number | null;
  /** From answer to BYE. */
  durationMs: number | null;
  events: {
    /** `type status`, in the order they happen; then the To-tag, where it is not the last one of the call. */
    atOnce: string[];
    /** When the last state has timed out. */
    atTimeout: string[];
  };
}

export interface ExpectedHop {
  src: string;
  dst: string;
  transport: string;
  messages: number;
}

export type Pair = [number, number];

/** Captures with SIP in them. */
export const CAPTURES = [
  'kamailio-5.6-siptrace-hep1',
  'kamailio-5.6-siptrace-hep2',
  'kamailio-5.6-siptrace-hep3',
  'kamailio-5.6-siptrace-hep3-sip-over-tcp',
  'sngrep-hep',
  'sipgrep-hep',
  'rtpengine-10.5-rtcp-hep',
] as const;

export function capturePath(name: string): string {
  return join(ROOT, 'fixtures/captures', `${name}.pcap`);
}

export function expectedPath(name: string): string {
  return join(ROOT, 'fixtures/expected', `${name}.json`);
}

export function readExpected(name: string): Expected {
  return JSON.parse(readFileSync(expectedPath(name), 'utf8')) as Expected; // our own fixture, written from this type
}
