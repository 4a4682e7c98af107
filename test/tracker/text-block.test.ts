import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { blockOf, BlockWriter, hasText, isText, TextField, textOf, withText } from '../../src/tracker/text-block.ts';

const FIELDS = Object.values(TextField);
/** One character per octet, longer than a length in one octet could say. */
const latin1 = fc.uint8Array({ maxLength: 400 }).map((octets) => Buffer.from(octets).toString('latin1'));
const texts = fc.tuple(...FIELDS.map(() => latin1));

test('a block gives back what was put into it, octet for octet, however it was made', () => {
  const writer = new BlockWriter();
  fc.assert(
    fc.property(texts, (given) => {
      writer.begin();
      for (const text of given) writer.add(Buffer.from(text, 'latin1'), 0, text.length);
      const block = writer.end();
      assert.equal(block, blockOf(given));
      for (const field of FIELDS) {
        const text = given[field] ?? '';
        assert.equal(textOf(block, field), text);
        assert.equal(hasText(block, field), text !== '');
      }
    }),
  );
});

test('another text in one field leaves the others as they are', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(...FIELDS), latin1, (given, field, text) => {
      const block = withText(blockOf(given), field, text);
      for (const each of FIELDS) assert.equal(textOf(block, each), each === field ? text : given[each]);
    }),
  );
});

test('octets are compared with a field, not with its neighbours', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(...FIELDS), latin1, (given, field, other) => {
      const block = blockOf(given);
      const mine = Buffer.from(`<${given[field]}>`, 'latin1');
      assert.ok(isText(block, field, mine, 1, mine.length - 1));
      assert.ok(!isText(block, field, mine, 1, mine.length));
      const octets = Buffer.from(other, 'latin1');
      assert.equal(isText(block, field, octets, 0, octets.length), other === given[field]);
    }),
  );
});

test('the empty string is a block without any text', () => {
  for (const field of FIELDS) {
    assert.equal(textOf('', field), '');
    assert.ok(!hasText('', field));
    assert.ok(isText('', field, Buffer.from('x'), 0, 0));
    assert.ok(!isText('', field, Buffer.from('x'), 0, 1));
  }
  assert.equal(textOf(withText('', TextField.TO, 'sip:a@example.com'), TextField.TO), 'sip:a@example.com');
});
