import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sipFromPcap } from '../support/sip-from-pcap.ts';
import { found, parse, tsharkRows } from '../support/sip-samples.ts';

const rows = tsharkRows();
const met = new Set<string>();

const CAPTURES = [
  'kamailio-5.6-siptrace-hep1',
  'kamailio-5.6-siptrace-hep2',
  'kamailio-5.6-siptrace-hep3',
  'kamailio-5.6-siptrace-hep3-sip-over-tcp',
  'sipgrep-hep',
  'sngrep-hep',
];

for (const name of CAPTURES) {
  test(`parseSip() reads the messages of ${name} as tshark does`, () => {
    for (const bytes of sipFromPcap(`fixtures/captures/${name}.pcap`)) {
      const sha1 = createHash('sha1').update(bytes).digest('hex').slice(0, 12);
      const row = rows.get(sha1);
      met.add(sha1);
      const { code, message } = parse(bytes);
      assert.equal(code, 'parses', message.text(0, bytes.length));
      const fields = found(message);
      const ours = [
        fields['methodText'],
        fields['status'],
        fields['requestUri'],
        fields['callId'],
        fields['fromTag'],
        fields['toTag'],
        fields['cseq'],
        fields['cseqMethodText'],
        fields['viaTransport']?.toUpperCase(),
        fields['viaBranch'],
        fields['contact1'],
      ].map((field) => field ?? '');
      assert.deepEqual(ours, row, message.text(0, bytes.length));
    }
  });
}

test('every row that tshark gave was met in a capture', () => {
  assert.equal(rows.size, 968);
  assert.deepEqual(
    [...rows.keys()].filter((sha1) => !met.has(sha1 ?? '')),
    [],
  );
});
