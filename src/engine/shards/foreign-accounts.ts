import { Account } from '../../pipeline/account.ts';

/** Senders of one other shard that may be known here. */
const MAX_ACCOUNTS = 20_000;

/** What became of a sender's messages that were handed over to this shard; pages add it to the sender's own books. */
export interface OutcomeView {
  id: string;
  tracked: number;
  dropped: number;
  refused: Record<string, number>;
  ignored: Record<string, number>;
  lastFault: { code: string; atUs: number; hex: string } | null;
}

/** The books of senders that another shard hears. They begin anew with each sender, and with each start of that shard. */
export class ForeignAccounts {
  readonly #bySerial = new Map<number, Account>();
  #generation = -1;
  #last: Account | undefined;

  /** @param id octets of the sender's name, read when it is new */
  of(serial: number, generation: number, bytes: Buffer, idStart: number, idEnd: number, nowUs: number): Account {
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#bySerial.clear();
      this.#last = undefined;
    }
    if (this.#last?.serial === serial) return this.#last;
    let account = this.#bySerial.get(serial);
    if (account === undefined) account = this.#open(serial, bytes.toString('latin1', idStart, idEnd), nowUs);
    this.#last = account;
    return account;
  }

  views(): OutcomeView[] {
    return [...this.#bySerial.values()].map((account) => ({
      id: account.id,
      tracked: account.tracked,
      dropped: account.dropped,
      refused: account.refusedByCode,
      ignored: account.ignoredByReason,
      lastFault: account.lastFaultView,
    }));
  }

  #open(serial: number, id: string, nowUs: number): Account {
    // Numbers only grow: the first is the one whose sender was there first.
    for (const [known, account] of this.#bySerial) {
      if (account.id === id || this.#bySerial.size >= MAX_ACCOUNTS) this.#bySerial.delete(known);
    }
    const account = new Account(id, '', nowUs);
    account.serial = serial;
    this.#bySerial.set(serial, account);
    return account;
  }
}
