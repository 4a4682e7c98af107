import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { withTimes } from './show.ts';

/**
 * Long answers are made a piece at a time: what is ready within a slice is sent, then other requests have their turn.
 *
 *   piece piece piece │ send, let others │ piece piece │ send, let others │ …
 */
export type Pieces = Iterable<string>;
/** Pieces of which each may have to be waited for. */
export type ComingPieces = AsyncIterable<string>;

const SLICE_MS = 5;

/** Sends an answer at once where it is made within one slice, and else slice by slice while it is being made. */
export function sendPieces(reply: FastifyReply, pieces: string | Pieces | ComingPieces): FastifyReply {
  if (typeof pieces === 'string') return reply.send(pieces);
  if (Symbol.asyncIterator in pieces) return reply.send(Readable.from(comingSlices(pieces), { objectMode: false }));
  const left = pieces[Symbol.iterator]();
  const first = nextSlice(left);
  return reply.send(first.isLast ? first.text : Readable.from(slicesFrom(first, left), { objectMode: false }));
}

export function wholeText(pieces: string | Pieces): string {
  return typeof pieces === 'string' ? pieces : [...pieces].join('');
}

interface Slice {
  text: string;
  isLast: boolean;
}

function nextSlice(left: Iterator<string>): Slice {
  const untilMs = performance.now() + SLICE_MS;
  let text = '';
  do {
    const piece = left.next();
    if (piece.done === true) return { text, isLast: true };
    text += piece.value;
  } while (performance.now() < untilMs);
  return { text, isLast: false };
}

async function* slicesFrom(first: Slice, left: Iterator<string>): AsyncGenerator<string> {
  for (let slice = first; ; slice = nextSlice(left)) {
    if (slice.text !== '') yield slice.text;
    if (slice.isLast) return;
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    await othersFirst();
  }
}

async function* comingSlices(pieces: ComingPieces): AsyncGenerator<string> {
  let text = '';
  let untilMs = performance.now() + SLICE_MS;
  for await (const piece of pieces) {
    text += piece;
    if (performance.now() < untilMs) continue;
    yield text;
    text = '';
    await othersFirst();
    untilMs = performance.now() + SLICE_MS;
  }
  if (text !== '') yield text;
}

const othersFirst = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An answer as JSON; of a list each member is a piece, and every time in µs has the same in ISO 8601 beside it. */
export function* jsonPieces(data: unknown): Pieces {
  if (typeof data !== 'object' || data === null || !('items' in data) || !Array.isArray(data.items)) {
    yield `${JSON.stringify(data)}\n`;
    return;
  }
  const { items, ...rest } = data;
  const frame = JSON.stringify(withTimes(rest));
  yield `${frame.slice(0, -1)}${frame === '{}' ? '' : ','}"items":[`;
  for (const [at, item] of items.entries()) yield `${at === 0 ? '' : ','}${JSON.stringify(withTimes(item))}`;
  yield ']}\n';
}
