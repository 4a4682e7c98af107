import type { Aliases } from '../../model/alias.ts';
import type { CallMessageView } from '../../model/views.ts';
import type { ColourMode, LadderChoice } from './choice.ts';
import { type Column, Columns } from './columns.ts';
import { detailsOf, forkLetters, overtaken } from './details.ts';
import { type Ghost, ghostsAfter } from './ghosts.ts';
import { foldKeepAlives } from './keep-alives.ts';
import { labelOf, letter } from './label.ts';
import type { MediaReport } from './media.ts';
import type { LadderRow, RowTone } from './row.ts';
import type { Exchange } from './session.ts';

/**
 * A call as a ladder: who took part, in order of appearance, and one row for each message between two of them.
 * Pure: messages in, columns and rows out; drawing is for svg.tsx, mermaid.ts and the table of the page.
 */

export interface Ladder {
  columns: Column[];
  /** Who took part in the signalling, in order of appearance, whatever is drawn. */
  path: string[];
  rows: LadderRow[];
  /** What should be there and is not, in words. */
  missing: string[];
  /** Call-IDs in order of appearance, also of legs that are left out; letters A, B, … when there are several. */
  legs: string[];
  /** Columns that are left out. */
  hidden: Column[];
  /** There is something to be folded. */
  hasRepeats: boolean;
}

export interface LadderOptions extends LadderChoice {
  nowUs: number;
  /** The messages go to the end of the call, so that what is missing can be told. */
  complete: boolean;
  names: Aliases;
  /** What was measured of its media, in order of time. */
  reports: readonly MediaReport[];
  /** What its offers came to. */
  agreed: readonly Exchange[];
}

export function makeLadder(held: readonly CallMessageView[], options: LadderOptions): Ladder {
  const legs = [...new Set(held.map((message) => message.callId))];
  const isDrawn = (callId: string): boolean => !options.without.includes(letter(legs.indexOf(callId)));
  const messages = held.filter(({ callId }) => isDrawn(callId));
  const columns = new Columns(messages, options);
  const path = columns.path();
  const media = options.reports.filter(({ callId }) => isDrawn(callId));
  const drawing = new Drawing(messages, media, columns, legs, options);
  const folded = foldKeepAlives(drawing.rows);
  const rows = options.fold ? folded : drawing.rows;
  const [first] = rows;
  for (const [index, row] of rows.entries()) {
    row.deltaUs = row.atUs - (rows[index - 1]?.atUs ?? row.atUs);
    row.sinceFirstUs = row.atUs - (first?.atUs ?? row.atUs);
  }
  return {
    columns: drawing.columns,
    path,
    rows,
    missing: drawing.missing,
    legs,
    hidden: drawing.hidden,
    hasRepeats: folded.length < drawing.rows.length || messages.some(isRetransmission),
  };
}

export const isRetransmission = (message: CallMessageView): boolean => message.repeat === 'retransmission';

/** The rows of some messages between the columns that are not left out. */
class Drawing {
  readonly rows: LadderRow[] = [];
  readonly missing: string[] = [];
  readonly columns: Column[];
  readonly hidden: Column[];
  readonly #options: LadderOptions;
  readonly #legs: readonly string[];
  readonly #found: Columns;
  readonly #index: ReadonlyMap<string, number>;
  readonly #hues = new Numbers();
  readonly #transactions = new Numbers();
  readonly #branches: ReadonlyMap<string, string>;
  readonly #results: ReadonlyMap<CallMessageView | undefined, string>;
  readonly #overtaken: ReadonlyMap<CallMessageView, number>;
  readonly #originals = new Map<string, { row: LadderRow; again: number }>();

  constructor(
    messages: readonly CallMessageView[],
    media: readonly MediaReport[],
    found: Columns,
    legs: readonly string[],
    options: LadderOptions,
  ) {
    this.#options = options;
    this.#legs = legs;
    this.#found = found;
    for (const { src, dst } of media) for (const end of [src, dst]) found.ofHost(end);
    const all = found.all();
    this.columns = all.filter(({ key }) => !options.hide.includes(key));
    this.hidden = all.filter(({ key }) => options.hide.includes(key));
    this.#index = new Map(this.columns.map(({ key }, index) => [key, index]));
    this.#branches = forkLetters(messages);
    this.#results = new Map(options.agreed.map(({ answer, result }) => [answer, result]));
    this.#overtaken = overtaken(messages);
    const ghosts = options.complete ? ghostsAfter(messages, options.nowUs) : new Map<CallMessageView, Ghost[]>();
    let reported = 0;
    for (const message of messages) {
      for (; (media[reported]?.atUs ?? Infinity) < message.atUs; reported++) this.#addMedia(media[reported]);
      this.#add(message);
      for (const ghost of ghosts.get(message) ?? []) this.#addGhost(message, ghost);
    }
    for (; reported < media.length; reported++) this.#addMedia(media[reported]);
  }

  #add(message: CallMessageView): void {
    const key = linkKey(message);
    const original = this.#originals.get(key);
    let retransmission = 0;
    if (isRetransmission(message)) {
      retransmission = (original?.again ?? 0) + 1;
      if (original !== undefined) {
        original.again = retransmission;
        if (this.#options.fold) {
          original.row.folded = retransmission - original.row.retransmission;
          return;
        }
      }
    }
    const late = this.#overtaken.get(message);
    const { colour, sdp } = this.#options;
    const details = detailsOf(message, this.#branches, sdp);
    const result = sdp === 'first' || sdp === 'all' ? this.#results.get(message) : undefined;
    if (result !== undefined) details.push(`agreed: ${result}`);
    const row = this.#row({
      atUs: message.atUs,
      callId: message.callId,
      transaction: transactionKey(message),
      ends: [this.#found.keyOf(message.src), this.#found.keyOf(message.dst)],
      tone: toneOf(message),
      label: labelOf(message),
      details,
    });
    if (row === undefined) return;
    row.message = message;
    row.warning = late === undefined ? '' : `out of order: CSeq ${message.cseq} after ${late}`;
    row.retransmission = retransmission;
    row.hue = colour === 'class' ? undefined : this.#hues.of(COLOUR_KEY[colour](message));
    if (original === undefined) this.#originals.set(key, { row, again: retransmission });
  }

  #addGhost(message: CallMessageView, ghost: Ghost): void {
    this.missing.push(ghost.text);
    const [source, target] = [this.#found.keyOf(message.src), this.#found.keyOf(message.dst)];
    this.#row({
      atUs: message.atUs,
      callId: message.callId,
      transaction: transactionKey(message),
      ends: ghost.returns ? [target, source] : [source, target],
      tone: 'ghost',
      label: ghost.label,
      details: ['expected, not captured'],
    });
  }

  #addMedia(report: MediaReport | undefined): void {
    if (report === undefined) return;
    const { atUs, callId, src, dst, label, details, mos } = report;
    const ends: [string, string] = [this.#found.ofHost(src), this.#found.ofHost(dst)];
    const row = this.#row({ atUs, callId, transaction: `media ${callId}`, ends, tone: 'media', label, details });
    if (row !== undefined) row.mos = mos;
  }

  /** Adds a row, unless one of its ends is left out. */
  #row({ ends, transaction, callId, ...drawn }: NewRow): LadderRow | undefined {
    const number = this.#transactions.of(transaction);
    const [from, to] = ends.map((key) => this.#index.get(key));
    if (from === undefined || to === undefined) return undefined;
    const row: LadderRow = {
      message: undefined,
      from,
      to,
      ...drawn,
      warning: '',
      retransmission: 0,
      folded: 0,
      times: 1,
      deltaUs: 0,
      sinceFirstUs: 0,
      mos: null,
      leg: this.#legs.indexOf(callId),
      transaction: number,
      hue: undefined,
    };
    this.rows.push(row);
    return row;
  }
}

/** What is said of a row when it is added; its ends are keys of columns, from and to. */
interface NewRow extends Pick<LadderRow, 'atUs' | 'tone' | 'label' | 'details'> {
  ends: readonly [string, string];
  callId: string;
  transaction: string;
}

/** Same message on the same link: what a retransmission repeats. */
function linkKey(m: CallMessageView): string {
  const what = m.isRequest ? m.method : String(m.status);
  return [m.callId, m.src.ip, m.src.port, m.dst.ip, m.dst.port, m.branch, what, m.cseq, m.cseqMethod, m.toTag].join(
    ' ',
  );
}

function toneOf(message: CallMessageView): RowTone {
  if (message.isRequest) return message.method === 'INVITE' ? 'invite' : 'request';
  switch (Math.floor(message.status / 100)) {
    case 1:
      return 's1';
    case 2:
      return 's2';
    case 3:
      return 's3';
    case 4:
      return 's4';
    case 5:
      return 's5';
    default:
      return 's6';
  }
}

/** Numbers things in order of appearance. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(key: string): number {
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }
}

function transactionKey({ callId, fromTag, cseq, cseqMethod }: CallMessageView): string {
  const isOfInvite = cseqMethod === 'ACK' || cseqMethod === 'CANCEL';
  return `${callId} ${fromTag} ${cseq} ${isOfInvite ? 'INVITE' : cseqMethod}`;
}

/** Messages with one key have one colour. */
const COLOUR_KEY: Readonly<Record<Exclude<ColourMode, 'class'>, (message: CallMessageView) => string>> = {
  leg: ({ callId }) => callId,
  transaction: transactionKey,
  // Seen from either side the same two tags make the dialog.
  dialog: ({ callId, fromTag, toTag }) => `${callId} ${[fromTag, toTag].toSorted().join(' ')}`,
};

/** `leg A` of a row, where there are several. */
export function legName({ legs }: Ladder, { leg }: LadderRow): string {
  return legs.length > 1 ? `leg ${letter(leg)}` : '';
}
