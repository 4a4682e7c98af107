import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Branch } from '../../../src/http/decoded/branch.ts';
import { messageTree } from '../../../src/http/decoded/message.ts';
import { sipFromPcap } from '../../support/sip-from-pcap.ts';
import { tsharkRows } from '../../support/sip-samples.ts';

const rows = tsharkRows();

/** Value of the first branch at a place, names from the top down. */
function at(tree: readonly Branch[], ...names: string[]): string {
  const [name, ...below] = names;
  const found = tree.find((each) => each.name.toLowerCase() === name);
  return found === undefined ? '' : below.length === 0 ? found.value : at(found.parts, ...below);
}

test('messages of real captures are taken apart as tshark does it', () => {
  let met = 0;
  for (const name of ['kamailio-5.6-siptrace-hep3', 'kamailio-5.6-siptrace-hep3-sip-over-tcp', 'sngrep-hep']) {
    for (const bytes of sipFromPcap(`fixtures/captures/${name}.pcap`)) {
      const sha1 = createHash('sha1').update(bytes).digest('hex').slice(0, 12);
      const tree = messageTree(bytes.toString('latin1'), new Map());
      const [start] = tree;
      // A field of several values has them as parts, by their number.
      const field = (...names: string[]): string =>
        at(tree, 'header fields', ...names) || at(tree, 'header fields', names[0] ?? '', '1', ...names.slice(1));
      const ours = [
        at(start?.parts ?? [], 'method'),
        at(start?.parts ?? [], 'status'),
        at(start?.parts ?? [], 'request uri'),
        field('call-id'),
        field('from', 'tag'),
        field('to', 'tag'),
        field('cseq', 'number'),
        field('cseq', 'method'),
        field('via', 'transport'),
        field('via', 'branch'),
        field('contact', 'uri'),
      ];
      assert.deepEqual(ours, rows.get(sha1), bytes.toString('latin1'));
      met++;
    }
  }
  assert.ok(met > 500, `${met} messages`);
});
