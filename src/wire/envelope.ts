import { COUNTERS, NOTE_COUNTERS } from '../model/counters.ts';
import type { KeptEnvelope } from '../model/packet.ts';
import type { EnvelopeView } from '../model/views.ts';
import { describeHep12, describeHep3 } from './hep/describe.ts';
import { describeSipSet } from './ipfix/describe.ts';

/** By the version of HEP. */
const FORMATS = [
  { protocol: 'IPFIX', describe: describeSipSet },
  { protocol: 'HEP1', describe: describeHep12 },
  { protocol: 'HEP2', describe: describeHep12 },
  { protocol: 'HEP3', describe: describeHep3 },
] as const;

/** What a message came in, field by field; `null` for none. Any octets give an answer. */
export function describeEnvelope(kept: KeptEnvelope): EnvelopeView | null {
  if (kept.before.length === 0) return null;
  const { protocol, describe } = FORMATS[kept.version] ?? FORMATS[0];
  const { fields, isCut } = describe(kept);
  const notes = NOTE_COUNTERS.filter((_counter, bit) => (kept.notes & (1 << bit)) !== 0).map(
    (counter) => COUNTERS[counter]?.description ?? '',
  );
  return { protocol, fields, isCut, notes };
}
