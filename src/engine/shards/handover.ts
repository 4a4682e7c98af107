import { type CounterSet, EvRate, Reports } from '../../model/counters.ts';
import { Fault } from '../../model/fault.ts';
import { Packet } from '../../model/packet.ts';
import type { Account } from '../../pipeline/account.ts';
import { type OtherShards, Passed } from '../../pipeline/other-shards.ts';
import type { Ingest } from '../../pipeline/ingest.ts';
import { SipMessage } from '../../sip/message.ts';
import { parseSip, SipParseOptions } from '../../sip/parse.ts';
import type { KeptQos } from '../../tracker/call.ts';
import type { EventRing } from '../../tracker/event-ring.ts';
import { Given, type QosElsewhere, type QosTable } from '../../tracker/qos.ts';
import type { KeptReport, ReportsElsewhere, ReportTable } from '../../tracker/reports.ts';
import { Exchange } from './exchange.ts';
import { ForeignAccounts, type OutcomeView } from './foreign-accounts.ts';
import { HUB, type ShardPlace, shardOfMessage, shardOfText } from './place.ts';
import {
  HandedMessage,
  type QosAnswer,
  type QosQuestion,
  readAnswer,
  readEvent,
  readEventOrigin,
  readMessage,
  readQuestion,
  readReport,
  RecordKind,
  writeEvent,
  writeJson,
  writeMessage,
} from './records.ts';
import type { RingReader, RingWriter } from './ring.ts';

/** Longest time this thread stands still because another has no room; meanwhile senders and the kernel's buffer wait. */
const MAX_WAIT_MS = 100;
/** A shard that has not answered for so long has crashed. */
const ANSWER_LIMIT_MS = 5000;

/** What is worked off here. */
export interface Inbox {
  ingest: Ingest;
  events: EventRing;
  qos: QosTable;
  reports: ReportTable;
  counters: CounterSet;
  maxHeaders: number;
  alegHeaders: readonly string[];
}

interface Question {
  kept: KeptQos;
  left: number;
  best: Given;
  askedMs: number;
  settle: (given: Given) => void;
}

/**
 * One shard's part in the work of several.
 *
 *   received, parsed, counted here ─▶ whose call? ─┬─ ours ─▶ tracked here
 *                                                  └─ theirs ─▶ ring ─▶ tracked there
 *   events of all shards ─▶ rings ─▶ the hub's event ring, rates and silenced types
 *   quality records, at the hub ─▶ the shards whose calls they name ─▶ answers ─▶ counted at the hub
 *   reports ─▶ the shard whose call they name ─▶ counted there
 */
export class Handover implements OtherShards, QosElsewhere, ReportsElsewhere {
  readonly #place: ShardPlace;
  readonly #exchange: Exchange;
  readonly #foreign: ForeignAccounts[];
  readonly #packet = new Packet(Buffer.alloc(0));
  readonly #handed = new HandedMessage();
  readonly #sender: { serial: number; generation: number; id: string };
  readonly #hasNoRoom: boolean[];
  readonly #isOnlyReceiver: boolean;
  readonly #questions = new Map<number, Question>();
  readonly #nowMs: () => number;
  #inbox: Inbox | undefined;
  #datagram: SipParseOptions | undefined;
  #stream: SipParseOptions | undefined;
  #nextSerial = 1;
  #nextQuestion = 1;
  /** Index of the next event the hub has not got yet. */
  #eventsSent = 0;

  constructor(place: ShardPlace, nowMs: () => number) {
    this.#place = place;
    this.#nowMs = nowMs;
    this.#exchange = new Exchange(
      place,
      this.#take,
      () => this.#inbox?.ingest.settle(),
      () => this.#sendEvents(),
    );
    this.#foreign = Array.from({ length: place.count }, () => new ForeignAccounts());
    this.#hasNoRoom = Array.from({ length: place.count }, () => false);
    this.#isOnlyReceiver = place.index === HUB && place.firstTracking > HUB;
    this.#sender = { serial: 0, generation: place.generation, id: '' };
  }

  get isHub(): boolean {
    return this.#place.index === HUB;
  }

  /** How full the inbox is, 0 to 1. */
  get fullness(): number {
    return this.#exchange.fullness;
  }

  start(inbox: Inbox): void {
    const { maxHeaders, alegHeaders } = inbox;
    this.#inbox = inbox;
    this.#datagram = new SipParseOptions({ framing: 'datagram', maxHeaders, alegHeaders });
    this.#stream = new SipParseOptions({ framing: 'stream', maxHeaders, alegHeaders });
    this.#exchange.start();
  }

  /** Sends what was generated last, and takes nothing any more but by `drain`. */
  end(): void {
    this.#sendEvents();
    this.#exchange.stop();
  }

  pass(packet: Packet, message: SipMessage, account: Account, isStream: boolean): Passed {
    const shard = shardOfMessage(this.#place, message);
    if (shard === this.#place.index) {
      if (!this.isHub) this.#exchange.endTurn();
      return Passed.OURS;
    }
    if (account.serial === 0) account.serial = this.#nextSerial++;
    const sender = this.#sender;
    sender.serial = account.serial;
    sender.id = account.id;
    const ring = this.#exchange.to(shard);
    if (!writeMessage(ring, packet, isStream, sender)) {
      const mayWait = account.canWait || this.#isOnlyReceiver;
      if (!mayWait || !this.#waitAndWrite(shard, ring, packet, isStream)) return Passed.NO_ROOM;
    }
    this.#hasNoRoom[shard] = false;
    this.#exchange.wake(shard);
    return Passed.TAKEN;
  }

  /**
   * Only the hub has connections, or is the only one that receives, and nobody waits for the hub: so no two threads ever
   * wait for each other.
   */
  #waitAndWrite(shard: number, ring: RingWriter, packet: Packet, isStream: boolean): boolean {
    // It did not read anything the last time either: it has crashed, and its successor is not there yet.
    if (this.#hasNoRoom[shard] === true) return false;
    const deadlineMs = this.#nowMs() + MAX_WAIT_MS;
    for (;;) {
      const leftMs = deadlineMs - this.#nowMs();
      if (leftMs <= 0) break;
      this.#exchange.wakeNow(shard);
      ring.waitForRoom(leftMs);
      if (writeMessage(ring, packet, isStream, this.#sender)) return true;
    }
    this.#hasNoRoom[shard] = true;
    return false;
  }

  offer(kept: KeptQos, settle: (given: Given) => void): boolean {
    const { incoming, outgoing } = kept.record;
    const named = [incoming.callId, outgoing.callId].filter((callId) => callId !== '');
    const shards = new Set(named.map((callId) => shardOfText(this.#place, callId)));
    shards.delete(this.#place.index);
    if (shards.size === 0) return false;
    const number = this.#nextQuestion++;
    const { record, observer, receivedUs } = kept;
    const question: Question = { kept, left: 0, best: Given.NONE, askedMs: this.#nowMs(), settle };
    for (const shard of shards) {
      const asked = { number, observerId: observer.id, receivedUs, record };
      if (!writeJson(this.#exchange.to(shard), RecordKind.QOS, asked)) continue;
      question.left++;
      this.#exchange.wake(shard);
    }
    if (question.left === 0) return false;
    this.#questions.set(number, question);
    return true;
  }

  passReport(kept: KeptReport): boolean {
    const shard = shardOfText(this.#place, kept.callId);
    if (shard === this.#place.index) return false;
    if (writeJson(this.#exchange.to(shard), RecordKind.REPORT, kept)) this.#exchange.wake(shard);
    else this.#inbox?.counters.add(Reports.LEFT_OUT, 1);
    return true;
  }

  /** Sends the hub what was generated here, and gives up questions nobody answered. To be told ten times a second. */
  tick(): void {
    this.#sendEvents();
    const givenUpMs = this.#nowMs() - ANSWER_LIMIT_MS;
    for (const [number, question] of this.#questions) {
      if (question.askedMs > givenUpMs) return;
      this.#questions.delete(number);
      question.settle(question.best);
    }
  }

  /** Works off what others have handed over so far, and hands over what is ours. */
  drain(): void {
    this.#exchange.drain();
    this.tick();
  }

  /** Whose a message is; the hub's when it cannot be read, so that somebody refuses it. */
  ownerOf(bytes: Buffer, isStream: boolean): number {
    const options = isStream ? this.#stream : this.#datagram;
    const message = new SipMessage(bytes);
    if (options === undefined || parseSip(bytes, 0, bytes.length, options, message) !== Fault.NONE) return HUB;
    return shardOfMessage(this.#place, message);
  }

  outcomes(): OutcomeView[] {
    return this.#foreign.flatMap((accounts) => accounts.views());
  }

  readonly #take = (from: number, record: RingReader): void => {
    if (record.kind === RecordKind.MESSAGE) {
      this.#takeMessage(from, record);
      return;
    }
    this.#inbox?.ingest.settle();
    switch (record.kind) {
      case RecordKind.EVENT:
        this.#takeEvent(record);
        return;
      case RecordKind.QOS:
        this.#answer(from, readQuestion(record));
        return;
      case RecordKind.REPORT:
        this.#inbox?.reports.give(readReport(record));
        return;
      case RecordKind.QOS_ANSWER:
        this.#settle(readAnswer(record));
        return;
      default:
    }
  };

  #takeMessage(from: number, record: RingReader): void {
    const inbox = this.#inbox;
    const packet = inbox?.ingest.nextPacket() ?? this.#packet;
    const handed = this.#handed;
    readMessage(record, packet, handed);
    const { serial, generation, idStart, idEnd } = handed;
    // One for each shard.
    const account = this.#foreign[from]!.of(serial, generation, packet.bytes, idStart, idEnd, packet.arrivedAtUs);
    const options = handed.isStream ? this.#stream : this.#datagram;
    if (options !== undefined) inbox?.ingest.takeOver(packet, account, options);
    if (!this.isHub) this.#exchange.endTurn();
  }

  #takeEvent(record: RingReader): void {
    const { type, tsUs, source } = readEventOrigin(record);
    const slot = this.#inbox?.events.take(type, tsUs, source);
    if (slot !== undefined) readEvent(record, slot);
  }

  #answer(from: number, { number, observerId, receivedUs, record }: QosQuestion): void {
    const given = this.#inbox?.qos.give({ record, observer: { id: observerId }, receivedUs }) ?? Given.NONE;
    writeJson(this.#exchange.to(from), RecordKind.QOS_ANSWER, { number, given });
    this.#exchange.wake(from);
  }

  #settle({ number, given }: QosAnswer): void {
    const question = this.#questions.get(number);
    if (question === undefined) return;
    if (given > question.best) question.best = given as Given; // as `give` answered it
    if (--question.left > 0) return;
    this.#questions.delete(number);
    question.settle(question.best);
  }

  #sendEvents(): void {
    const inbox = this.#inbox;
    if (inbox === undefined || this.isHub) return;
    const { events, counters } = inbox;
    const lost = events.firstIndex - this.#eventsSent;
    if (lost > 0) {
      counters.add(EvRate.LOST, lost);
      this.#eventsSent = events.firstIndex;
    }
    const ring = this.#exchange.to(HUB);
    for (; this.#eventsSent < events.nextIndex; this.#eventsSent++) {
      const slot = events.at(this.#eventsSent);
      if (slot !== undefined && !writeEvent(ring, slot)) break;
      this.#exchange.wake(HUB);
    }
  }
}
