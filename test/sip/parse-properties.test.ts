import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Fault } from '../../src/model/fault.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { isKeepalive, isProbe, parseSip } from '../../src/sip/parse.ts';
import {
  DATAGRAM,
  fixtureNames,
  found,
  LINE_ENDS,
  octetsOf,
  parse,
  readFixture,
  snapshot,
  STREAM,
} from '../support/sip-samples.ts';

const samples: Buffer[] = [
  ...fixtureNames('rfc4475').map((name) => octetsOf(readFixture(`rfc4475/${name}`))),
  ...fixtureNames('samples').map((name) => {
    const [sample = ''] = readFixture(`samples/${name}`).split('===== expected\n');
    return octetsOf(`${sample}\n`);
  }),
];

/** Octets that mean something to a parser are tried more often than others. */
const octet = fc.oneof(fc.constantFrom(...Buffer.from('\r\n \t:;,"<>=\\*/?@\0a9')), fc.nat(255));
const edit = fc.record({ at: fc.nat(), remove: fc.nat(40), insert: fc.array(octet, { maxLength: 6 }) });
/** A valid message with some octets changed, cut, added or taken from elsewhere in it. */
const mutated = fc
  .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 }), fc.nat(), fc.boolean())
  .map(([sample, edits, cut, isCut]) => {
    let bytes = sample;
    for (const { at, remove, insert } of edits) {
      const place = at % (bytes.length + 1);
      const removed = insert.length > 0 ? Math.min(remove, insert.length) : remove;
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(insert), bytes.subarray(place + removed)]);
    }
    return isCut ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
  });
const options = fc.constantFrom(DATAGRAM, STREAM);

test('parseSip() never throws and leaves only ranges inside the message, whatever is damaged', () => {
  fc.assert(
    fc.property(mutated, options, (bytes, settings) => {
      const message = new SipMessage(bytes);
      const fault = parseSip(bytes, 0, bytes.length, settings, message);
      assert.ok(fault === Fault.NONE || (fault >= Fault.SIP_END_OF_HEADER && fault <= Fault.SIP_HEADER_LIMIT));
      assert.ok(message.faultAt >= 0 && message.faultAt <= bytes.length);
      assert.ok(message.end >= message.start && message.end <= bytes.length);
      for (const [name, start] of Object.entries(message)) {
        if (typeof start !== 'number' || !/[a-z1-9]Start$/.test(name)) continue;
        const end: unknown = Reflect.get(message, name.replace(/Start$/, 'End'));
        assert.ok(typeof end === 'number' && start >= 0 && start <= end && end <= bytes.length, name);
      }
    }),
    { numRuns: 3000 },
  );
});

test('parseSip() reads no octet outside of [start, end)', () => {
  fc.assert(
    fc.property(mutated, options, fc.nat(20), (sample, settings, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), sample, Buffer.alloc(20)]);
      const end = before + sample.length;
      const guarded = new Proxy(bytes, {
        get(target, key) {
          const index = typeof key === 'string' ? Number(key) : Number.NaN;
          assert.ok(Number.isNaN(index) || (index >= before && index < end), `read at ${index} of [${before}, ${end})`);
          return Reflect.get(target, key, target);
        },
      });
      parseSip(guarded, before, end, settings, new SipMessage(bytes));
    }),
    { numRuns: 300 },
  );
});

test('parseSip() answers the same whatever octets surround the message', () => {
  const around = fc.uint8Array({ maxLength: 30 });
  fc.assert(
    fc.property(mutated, options, around, around, (sample, settings, before, after) => {
      const alone = parse(sample, settings);
      const bytes = Buffer.concat([before, sample, after]);
      const message = new SipMessage(bytes);
      const end = before.length + sample.length;
      parseSip(bytes, before.length, end, settings, message);
      assert.deepEqual(snapshot(message), snapshot(alone.message));
    }),
    { numRuns: 1000 },
  );
});

test('parseSip() leaves nothing of the message before it', () => {
  fc.assert(
    fc.property(mutated, mutated, options, (first, second, settings) => {
      const used = parse(first, settings).message;
      parseSip(second, 0, second.length, settings, used);
      assert.deepEqual(snapshot(used), snapshot(parse(second, settings).message));
    }),
    { numRuns: 1000 },
  );
});

const token = fc.stringMatching(/^[a-zA-Z0-9.!%*_+~-]{1,12}$/);
const uri = fc.oneof(
  fc.tuple(token, token).map(([user, host]) => `sip:${user}@${host}`),
  fc.constantFrom('sip:[2001:db8::1]:5060', 'tel:+49301234', 'sips:a:secret@h.example:5061'),
);
const displayName = fc.oneof(fc.constant(''), token, fc.constantFrom('"a;tag=no\\"<,>" ', 'Two Words '));
const nameAddr = fc.tuple(displayName, uri).map(([name, target]) => `${name}<${target};lr>`);
const address = fc.oneof(nameAddr, uri);
const blank = fc.constantFrom(' ', '', '\t ', '\n ', ' \n\t');

/** A request by its fields, with white space and folds where they may be. */
const request = fc
  .record({
    from: address,
    fromTag: token,
    to: address,
    callId: token,
    cseq: fc.nat(2 ** 31 - 1),
    branch: token,
    blank,
  })
  .map((parts) => ({
    ...parts,
    lines: [
      `From:${parts.blank}${parts.from}${parts.blank};${parts.blank}tag${parts.blank}=${parts.blank}${parts.fromTag}`,
      `t :${parts.blank}${parts.to}`,
      `Call-ID:${parts.blank}${parts.callId}${parts.blank}`,
      `CSeq:${parts.blank}${parts.cseq} BYE`,
      `Via: SIP/2.0/TCP${parts.blank} h${parts.blank};rport;branch=${parts.branch}`,
      `User-Agent: x${parts.blank}y`,
      'Content-Length: 0',
      'Max-Forwards: 70',
      'Contact: <sip:c@d>;expires=9',
      'Allow: INVITE,\n ACK',
    ],
  }));

function messageOf(lines: string[], lineEnd: string): Buffer {
  return Buffer.from(['BYE sip:x@y SIP/2.0', ...lines, '', ''].join('\n').replaceAll('\n', lineEnd), 'latin1');
}

test('parseSip() finds what was put in, with CRLF, lone LF and lone CR alike', () => {
  fc.assert(
    fc.property(request, fc.constantFrom(...Object.values(LINE_ENDS)), (given, lineEnd) => {
      const { code, message } = parse(messageOf(given.lines, lineEnd));
      assert.equal(code, 'parses');
      const fields = found(message);
      assert.equal(fields['fromTag'], given.fromTag);
      assert.equal(fields['from'], /<(.*)>/.exec(given.from.replace('<,>', ''))?.[1] ?? given.from);
      assert.equal(fields['callId'], given.callId);
      assert.equal(fields['cseq'], String(given.cseq));
      assert.equal(fields['viaBranch'], given.branch);
      assert.equal(fields['contact1Expires'], '9');
    }),
  );
});

test('parseSip() answers the same for damaged messages with any line end', () => {
  fc.assert(
    fc.property(mutated, (sample) => {
      // Line ends that damage made or broke are not comparable: every one is made whole first.
      const text = sample.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\n');
      const [crlf, lf, cr] = Object.values(LINE_ENDS).map((lineEnd) => {
        const bytes = Buffer.from(text.replaceAll('\n', lineEnd), 'latin1');
        const { code, message } = parse(bytes);
        const { body: _body, contentLength: _length, ...fields } = found(message);
        return { code, fields };
      });
      // Fewer than 14 octets are too few to be SIP, and a line end may make the difference.
      if (text.length < 14) return;
      assert.deepEqual(lf, crlf);
      assert.deepEqual(cr, crlf);
    }),
    { numRuns: 1000 },
  );
});

test('parseSip() finds the same fields in whatever order the headers come', () => {
  fc.assert(
    fc.property(
      request.chain((given) =>
        fc.shuffledSubarray(given.lines, { minLength: given.lines.length }).map((shuffled) => ({ given, shuffled })),
      ),
      ({ given, shuffled }) => {
        const inOrder = parse(messageOf(given.lines, '\r\n')).message;
        assert.deepEqual(found(parse(messageOf(shuffled, '\r\n')).message), found(inOrder));
      },
    ),
  );
});

test('isProbe() is true up to 12 octets and for what begins with no letter', () => {
  const of = (text: string): boolean => isProbe(Buffer.from(text, 'latin1'), 0, text.length);
  assert.equal(of(''), true);
  assert.equal(of('OPTIONS sip:'), true);
  assert.equal(of('OPTIONS sip:a'), false);
  assert.equal(of('zzzzzzzzzzzzz'), false);
  for (const first of ['@', '[', '`', '{', '\0', ' ', '0', '\xe9', '\r']) assert.equal(of(first.padEnd(30, 'x')), true);
});

test('isKeepalive() knows CR, LF, NUL and STUN, and takes SIP for nothing of it', () => {
  const of = (hex: string): boolean => isKeepalive(Buffer.from(hex, 'hex'), 0, hex.length / 2);
  assert.equal(of(''), true);
  assert.equal(of('0d0a0d0a'), true);
  assert.equal(of('00000000'), true);
  assert.equal(of('0d0a0d0a61'), false);
  assert.equal(of('000100002112a442b7e7a701bc34d686fa87dfae'), true, 'binding request');
  assert.equal(of('0101000c2112a442'), true, 'binding response, cut');
  assert.equal(of('000100002112a4'), false, 'too short for the magic cookie');
  assert.equal(of('400100002112a442'), false, 'first two bits not zero');
  assert.equal(of('000100002112a443'), false);
  for (const sample of samples) assert.equal(isKeepalive(sample, 0, sample.length), false);
});
