import { Type, type TSchema } from 'typebox';
import { CAPTURE_FORMATS, type CaptureFormatName } from '../model/capture.ts';
import type { CallMessages, EventView } from '../model/views.ts';
import type { HttpDeps } from './deps.ts';
import { HttpProblem } from './problem.ts';
import { CALL_FILE_PARAMETERS } from './schemas.ts';
import type { Share, Shares } from './shares.ts';
import { callHref } from './show.ts';

/** Longest Call-ID that is repeated in an answer. */
const MAX_QUOTED = 300;

export function quotedCallId(callId: string): string {
  return `"${callId.slice(0, MAX_QUOTED)}"`;
}

const MAX_EVENTS = 100;
/** Most messages of a call that are shared: their texts are all on its page. */
export const MAX_SHARED = 1000;

export interface Window {
  offset: number;
  limit: number;
}

/** A call to make pages of, wherever it is held. */
export interface FoundCall {
  callId: string;
  /** Address of its page. */
  href: string;
  /** Kept under a short link. */
  share: Share | undefined;
  messages(window: Window): Promise<CallMessages>;
  events(): Promise<EventView[]>;
  /** A capture file of these Call-IDs; of a call that is kept, of all of it. */
  capture(callIds: readonly string[], format: CaptureFormatName): Promise<Uint8Array>;
}

/** Where calls are found by what stands in a path. */
export interface CallSource {
  /** Path of the page of a call. */
  path: string;
  /** Which calls these are, for the description. */
  what: string;
  place: Readonly<Record<string, TSchema>>;
  /** What its files may be asked for besides. */
  fileParameters: Readonly<Record<string, TSchema>>;
  find(place: Readonly<Record<string, string>>): Promise<FoundCall>;
}

export const CALL_PLACE = { callid: Type.String({ description: 'Call-ID, percent-encoded' }) };

/** What the engine holds now. */
export function heldCalls({ engine }: HttpDeps): CallSource {
  return {
    path: '/call/:callid',
    what: 'One call',
    place: CALL_PLACE,
    fileParameters: CALL_FILE_PARAMETERS,
    async find({ callid = '' }) {
      return {
        callId: callid,
        href: callHref(callid),
        share: undefined,
        messages: (window) => engine.callMessages(callid, window),
        events: () => eventsOf(engine, callid),
        capture: (callIds, format) => engine.callCapture(callIds, format),
      };
    },
  };
}

/** Calls under short links, as they were when they were shared. */
export function sharedCalls(shares: Shares): CallSource {
  return {
    path: '/s/:share',
    what: 'A call under a short link',
    place: { share: Type.String({ description: 'Id of the link' }) },
    fileParameters: {},
    async find({ share: id = '' }) {
      const share = shares.find(id);
      const content = share === undefined ? undefined : await shares.content(id);
      if (share === undefined || content === undefined) {
        throw new HttpProblem(404, 'There is no call under this link (any more): its time was up, or it was removed');
      }
      const { call, events, captures } = content;
      return {
        callId: share.callId,
        href: shareHref(share),
        share,
        messages: async ({ offset, limit }) => ({ ...call, offset, items: call.items.slice(offset, offset + limit) }),
        events: async () => events,
        capture: async (_callIds, format) => Buffer.from(captures[format], 'base64'),
      };
    },
  };
}

export const shareHref = ({ id }: Pick<Share, 'id'>): string => `/s/${id}`;

/** What is held of a call in a window; something must be. */
export async function partOf(found: FoundCall, window: Window): Promise<{ call: CallMessages; events: EventView[] }> {
  const [call, events] = await Promise.all([found.messages(window), found.events()]);
  if (call.entries.length === 0 && call.total === 0 && events.length === 0) {
    throw new HttpProblem(
      404,
      `Nothing is held of a call with the Call-ID ${quotedCallId(found.callId)}: it was not seen, or what was held of it gave way to newer calls (keep_messages_mem, event_buffer_size)`,
    );
  }
  return { call, events };
}

/** A call without its messages, of which some must be held. */
export async function callWithMessages(found: FoundCall): Promise<CallMessages> {
  const { call } = await partOf(found, { offset: 0, limit: 0 });
  if (call.total > 0) return call;
  throw new HttpProblem(404, `No message is held of the call with the Call-ID ${quotedCallId(found.callId)}`);
}

/** Keeps a call as it is now. */
export async function shareCall(shares: Shares, found: FoundCall, by: string): Promise<Share> {
  const { call, events } = await partOf(found, { offset: 0, limit: MAX_SHARED });
  if (call.total > MAX_SHARED) {
    throw new HttpProblem(409, `Of this call ${call.total} messages are held, and at most ${MAX_SHARED} can be shared`);
  }
  const files = await Promise.all(CAPTURE_FORMATS.map((format) => found.capture(call.callIds, format)));
  const [pcap = '', pcapng = ''] = files.map((file) => Buffer.from(file).toString('base64'));
  // The calls before and after it will not be there.
  const kept = { ...call, olderCallId: '', newerCallId: '' };
  return shares.add(by, { call: kept, events, captures: { pcap, pcapng } });
}

/** Events of exactly this Call-ID; the engine's filter also finds longer ones. */
async function eventsOf(engine: HttpDeps['engine'], callId: string): Promise<EventView[]> {
  // A longer text than the engine searches for cannot be a filter.
  const value = callId.slice(0, 256);
  const page = await engine.listEvents({
    offset: 0,
    limit: MAX_EVENTS,
    filter: { field: 'cid', value, regexp: false },
  });
  return page.items.filter((event) => event.callId === callId);
}
