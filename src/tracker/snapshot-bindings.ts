import { Binding, Leaving, parseContact, RegisterTransaction } from './binding-table.ts';
import {
  blockFields,
  HOPS,
  OBSERVERS,
  readBlock,
  readHops,
  readObservers,
  writeBlock,
  writeHops,
  writeObservers,
} from './snapshot-calls.ts';
import { type ByteWriter, doubles, type Entry, type Field, ints, texts } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';
import type { SnapshotNames } from './snapshot-names.ts';
import type { CallTracker } from './tracker.ts';

/** The fields of a binding that a snapshot keeps. A test holds these lists against the classes. */
export const BINDING_INTS = ['id', 'refreshes', 'leaving'] as const;
export const BINDING_DOUBLES = ['createdUs', 'requestedUs', 'updatedUs', 'deadlineUs'] as const;
export const BINDING_TEXTS = ['aor'] as const;
/** Fields with a form of their own, below. */
export const BINDING_PARTS = ['contact', 'transaction', 'announced'] as const;
/** What belongs to the process: places in tables, made anew. */
export const BINDING_PLACES = [
  'hash',
  'bytes',
  'hashNext',
  'older',
  'newer',
  'wheelPrevious',
  'wheelNext',
  'wheelSlot',
] as const;

/** Fields of its transaction, beside the bindings' own. */
export const TRANSACTION_TEXTS = ['toTag', 'userAgent', 'uas', 'reason'] as const;
export const TRANSACTION_INTS = ['headerOrder', 'headerCount', 'status'] as const;
export const TRANSACTION_PARTS = ['block', 'createdUs', 'hop', 'observer', 'moreObservers'] as const;

const REGISTER = 'register.';

const FIELDS: readonly Field[] = [
  ...ints(...BINDING_INTS, 'announced'),
  ...doubles(...BINDING_DOUBLES, 'transaction.createdUs'),
  ...texts(...BINDING_TEXTS, 'contact', ...TRANSACTION_TEXTS),
  ...blockFields(REGISTER),
  ...ints(...TRANSACTION_INTS),
  OBSERVERS,
  HOPS,
];

/** Bindings, newest first; those of one REGISTER have each their own copy of it afterwards. */
export class BindingSnapshot implements SnapshotTable {
  readonly name = 'bindings';
  readonly fields = FIELDS;
  readonly #tracker: CallTracker;
  readonly #names: SnapshotNames;

  constructor(tracker: CallTracker, names: SnapshotNames) {
    this.#tracker = tracker;
    this.#names = names;
  }

  open(): SnapshotWalk {
    const cursor = this.#tracker.registrations.table.entries.openCursor();
    return {
      next(out) {
        const binding = cursor.next();
        if (binding === undefined) return false;
        writeBinding(out, binding);
        return true;
      },
      close: () => cursor.close(),
    };
  }

  restore(entry: Entry): boolean {
    const contact = parseContact(entry.text('contact'));
    const leaving = Object.values(Leaving).find((each) => each === entry.number('leaving'));
    if (contact === undefined || leaving === undefined) return false;
    const { registrations } = this.#tracker;
    const binding = registrations.table.make(entry.text('aor'), contact, readTransaction(entry, this.#names));
    for (const name of BINDING_DOUBLES) binding[name] = entry.number(name);
    binding.refreshes = entry.number('refreshes');
    binding.leaving = leaving;
    binding.announced = entry.number('announced') !== 0;
    if (!registrations.putBack(binding, entry.number('id'))) return false;
    this.#tracker.resume(binding);
    return true;
  }
}

function writeBinding(out: ByteWriter, binding: Binding): void {
  for (const name of BINDING_INTS) out.int(binding[name]);
  out.int(Number(binding.announced));
  for (const name of BINDING_DOUBLES) out.double(binding[name]);
  const { transaction } = binding;
  out.double(transaction.createdUs);
  for (const name of BINDING_TEXTS) out.text(binding[name]);
  out.text(binding.contact.text);
  for (const name of TRANSACTION_TEXTS) out.text(transaction[name]);
  writeBlock(out, transaction.block);
  for (const name of TRANSACTION_INTS) out.int(transaction[name]);
  writeObservers(out, transaction.observer, transaction.moreObservers);
  writeHops(out, transaction.hop === undefined ? [] : [transaction.hop]);
}

function readTransaction(entry: Entry, names: SnapshotNames): RegisterTransaction {
  const [observer, ...more] = readObservers(entry, names);
  const text = (name: (typeof TRANSACTION_TEXTS)[number]): string => entry.text(name);
  return new RegisterTransaction(
    {
      block: readBlock(entry, REGISTER),
      toTag: text('toTag'),
      userAgent: names.text(text('userAgent')),
      uas: names.text(text('uas')),
      reason: names.text(text('reason')),
      createdUs: entry.number('transaction.createdUs'),
    },
    entry.number('status'),
    entry.number('headerOrder'),
    entry.number('headerCount'),
    readHops(entry)[0],
    observer,
    more.length === 0 ? undefined : more,
  );
}
