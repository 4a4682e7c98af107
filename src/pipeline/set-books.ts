import { Fault, faultInfo } from '../model/fault.ts';
import type { SetView } from '../model/views.ts';
import { SetId } from '../wire/ipfix/format.ts';

/** A probe may make up ids: what is beyond so many is counted together. */
const MOST_IDS = 24;
const OTHERS = -1;

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [SetId.KEEPALIVE, 'keep-alive'],
  [SetId.TEMPLATE, 'templates'],
  [SetId.OPTIONS_TEMPLATE, 'options templates'],
  [SetId.CONNECT_REQUEST, 'connect request'],
  [SetId.CONNECT_ACKNOWLEDGE, 'connect acknowledgement'],
  [SetId.SIP_UDP_IN, 'SIP received over UDP'],
  [SetId.SIP_UDP_OUT, 'SIP sent over UDP'],
  [SetId.SIP_TCP_IN, 'SIP received over TCP'],
  [SetId.SIP_TCP_OUT, 'SIP sent over TCP'],
  [SetId.SIP_SCTP_IN, 'SIP received over SCTP'],
  [SetId.SIP_SCTP_OUT, 'SIP sent over SCTP'],
  [SetId.QOS, 'quality record'],
  [OTHERS, 'others'],
]);

interface Row {
  records: number;
  octets: number;
  lastSeenUs: number;
  malformed: Map<Fault, number>;
}

/**
 * What one probe has sent, by the id of the set: with an SBC, whose sets hold one record each, the id stands for the
 * template that is agreed upon beforehand.
 */
export class SetBooks {
  readonly #rows = new Map<number, Row>();

  /** Notes one set. @param fault why it could not be read, `NONE` = it could */
  note(id: number, octets: number, fault: Fault, nowUs: number): void {
    let row = this.#rows.get(id);
    if (row === undefined) {
      const key = this.#rows.size < MOST_IDS ? id : OTHERS;
      row = this.#rows.get(key) ?? { records: 0, octets: 0, lastSeenUs: 0, malformed: new Map() };
      this.#rows.set(key, row);
    }
    row.octets += octets;
    row.lastSeenUs = nowUs;
    if (fault === Fault.NONE) row.records++;
    else row.malformed.set(fault, (row.malformed.get(fault) ?? 0) + 1);
  }

  /** In order of their ids, others last. */
  view(): SetView[] {
    return [...this.#rows]
      .toSorted(([a], [b]) => (a === OTHERS ? 1 : b === OTHERS ? -1 : a - b))
      .map(([id, { records, octets, lastSeenUs, malformed }]) => ({
        id: id === OTHERS ? null : id,
        meaning: MEANINGS.get(id) ?? '',
        records,
        octets,
        lastSeenUs,
        malformed: Object.fromEntries([...malformed].map(([fault, count]) => [faultInfo(fault).code, count])),
      }));
  }
}
