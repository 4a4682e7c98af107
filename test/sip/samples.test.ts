import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFields, fixtureNames, LINE_ENDS, octetsOf, parse, readFixture } from '../support/sip-samples.ts';

/**
 * `fixtures/sip/samples`: a message, a line `===== expected`, then `field = value` lines, where no value means absent.
 * `outcome` is a fault code (else the message must parse), `stoppedBehind` the text behind which parsing stopped. A
 * sample whose head is not followed by an empty line gets one.
 */
for (const file of fixtureNames('samples')) {
  const [sample = '', expectations = ''] = readFixture(`samples/${file}`).split('===== expected\n');
  const text = sample.includes('\n\n') ? sample.replace(/\n$/, '') : `${sample}\n`;
  const expected = Object.fromEntries(
    expectations
      .trimEnd()
      .split('\n')
      .map((line) => /^(\w+) = ?(.*)$/.exec(line)?.slice(1) ?? assert.fail(`not an expectation: "${line}"`)),
  );
  const { outcome = 'parses', stoppedBehind = '', ...fields } = expected as Record<string, string>;
  for (const [name, lineEnd] of Object.entries(LINE_ENDS)) {
    test(`sample ${file} with ${name} line ends: ${outcome}`, () => {
      const bytes = octetsOf(text, lineEnd);
      const { code, message } = parse(bytes);
      assert.equal(code, outcome, `stopped at "${message.text(message.faultAt, message.faultAt + 40)}"`);
      assertFields(message, fields, `with ${name}`);
      if (stoppedBehind !== '') {
        assert.equal(message.faultAt, bytes.indexOf(stoppedBehind, 0, 'latin1') + stoppedBehind.length);
      }
    });
  }
}
