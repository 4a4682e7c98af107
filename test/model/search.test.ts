import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Aliases, parseAlias } from '../../src/model/alias.ts';
import { type Search, searchText, type SearchValue } from '../../src/model/search/ast.ts';
import { SEARCH_FIELD_NAMES, SEARCH_FIELDS, type SearchField, fieldInfo } from '../../src/model/search/fields.ts';
import { MAX_SEARCH_LENGTH, parseSearch, SearchFault } from '../../src/model/search/parse.ts';
import { UTC, zoneNamed } from '../../src/model/zone.ts';
import { instantUs, momentInterval, readMoment, readPhone, samePhone } from '../../src/model/search/values.ts';

/** How a search is written in full. */
function understood(text: string): string {
  const search = parseSearch(text, 'calls');
  return search instanceof SearchFault ? `at ${search.at}: ${search.message}` : searchText(search);
}

/** The same without positions, which differ between two ways of writing it. */
function shape(search: Search): unknown {
  return JSON.parse(JSON.stringify(search, (key, value: unknown) => (key === 'at' ? undefined : value)));
}

suite('parseSearch() guesses what a word means:', () => {
  for (const [typed, meaning] of [
    ['+4930123456', 'number:+4930123456'],
    ['030-123456', 'number:030-123456'],
    ['*1234', 'number:*1234'],
    ['1234', 'number:1234'],
    ['486', 'status:486'],
    ['5xx', 'status:5xx'],
    ['192.0.2.1', 'ip:192.0.2.1'],
    ['192.0.2.1:5060', 'ip:192.0.2.1:5060'],
    ['192.0.2.0/24', 'ip:192.0.2.0/24'],
    ['2001:db8::1', 'ip:2001:db8::1'],
    ['[2001:db8::1]:5061', 'ip:[2001:db8::1]:5061'],
    ['abcd::1', 'ip:abcd::1'],
    ['INVITE', 'method:INVITE'],
    ['sip:alice@example.com', 'uri:sip:alice@example.com'],
    ['<sip:alice@example.com;user=phone>', 'uri:sip:alice@example.com;user=phone'],
    ['tel:+4930123456', 'uri:tel:+4930123456'],
    ['call-attempt', 'type:call-attempt'],
    ['inv_neg', 'state:inv_neg'],
    ['a84b4c76e66710@pc33.example.com', 'any:a84b4c76e66710@pc33.example.com'],
    ['"486"', 'any:486'],
    ['alice', 'any:alice'],
  ] as const) {
    test(`${typed} is ${meaning}`, () => assert.equal(understood(typed), meaning));
  }
});

suite('parseSearch() reads', () => {
  for (const [typed, meaning] of [
    [
      'from:*1234 AND status:5xx AND pdd>4s AND dst:10.0.0.0/24',
      'from:*1234 AND status:5xx AND pdd>4s AND dst:10.0.0.0/24',
    ],
    ['from:a to:b', 'from:a AND to:b'],
    ['from:a && to:b || callid:c', 'from:a AND to:b OR callid:c'],
    ['from:a and (to:b or callid:c)', 'from:a AND (to:b OR callid:c)'],
    ['not from:a', '!from:a'],
    ['!(from:a to:b)', '!(from:a AND to:b)'],
    ['from!=a', '!from=a'],
    ['status:!2xx', '!status:2xx'],
    ['status!=!200', 'status=200'],
    ['status:486,600..606', 'status:486,600..606'],
    ['FROM:a', 'from:a'],
    ['cid:x fu:y', 'callid:x AND from:y'],
    ['from:"a b*"', 'from:"a b*"'],
    [String.raw`from:"say \"hi\""`, String.raw`from:"say \"hi\""`],
    [String.raw`ua:/^a\/b\d+$/`, String.raw`ua:/^a\/b\d+$/`],
    ['duration:..30s', 'duration:..30s'],
    ['start:-15m', 'start:-15m'],
    ['start:14:03~5m', 'start:14:03~5m'],
    ['start:2026-11-21T14:03:05.25+01:00', 'start:2026-11-21T14:03:05.25+01:00'],
    ['state:"early dialog"', 'state:"early dialog"'],
    ['callid:a..b', 'callid:a..b'],
    ['  callid:a  ', 'callid:a'],
  ] as const) {
    test(typed, () => assert.equal(understood(typed), meaning));
  }
});

suite('parseSearch() of messages', () => {
  const messages = (text: string): unknown => {
    const search = parseSearch(text, 'messages');
    if (search instanceof SearchFault || search.kind !== 'condition') return search;
    const [value] = search.values;
    return [search.field, search.header, search.op, value?.form, value !== undefined && 'text' in value && value.text];
  };
  for (const [text, expected] of [
    ['header.X-Foo:bar', ['header', 'X-Foo', ':', 'word', 'bar']],
    ['HEADER.x-foo=bar', ['header', 'x-foo', '=', 'word', 'bar']],
    ['header.X-Foo:*', ['header', 'X-Foo', ':', 'pattern', '*']],
    ['header.P-Charging-Vector:/icid=[0-9a-f]+/', ['header', 'P-Charging-Vector', ':', 'regexp', 'icid=[0-9a-f]+']],
    ['header:foo', ['header', undefined, ':', 'word', 'foo']],
    ['payload:"a=sendonly"', ['payload', undefined, ':', 'word', 'a=sendonly']],
    ['call-attempt', ['any', undefined, ':', 'word', 'call-attempt']],
    ['example.com:5060', ['any', undefined, ':', 'word', 'example.com:5060']],
  ] as const) {
    test(text, () => assert.deepEqual(messages(text), expected));
  }

  test('a header field that is not something is the search turned round, and reads back', () => {
    const search = parseSearch('header.X-Foo!=bar', 'messages');
    assert.ok(!(search instanceof SearchFault));
    assert.equal(searchText(search), '!header.X-Foo=bar');
    assert.equal(searchText(parseSearch(searchText(search), 'messages') as Search), '!header.X-Foo=bar');
  });

  test('a field that messages do not have is refused', () => {
    const fault = parseSearch('pdd>4s', 'messages');
    assert.ok(fault instanceof SearchFault);
    assert.equal(fault.message, '"pdd" is a field of calls and events only');
  });
});

suite('parseSearch() points to what it cannot read:', () => {
  for (const [typed, at, message] of [
    ['', 0, /nothing to search for/],
    ['from:a AND', 10, /condition is missing at the end/],
    ['OR from:a', 0, /condition is missing before "OR"/],
    ['from:a AND OR to:b', 11, /condition is missing before "OR"/],
    ['(from:a', 0, /never closed/],
    ['from:a)', 6, /closes nothing/],
    ['()', 1, /condition is missing before "\)"/],
    ['from:', 5, /value is missing after "from:"/],
    ['from:a,', 7, /value is missing/],
    ['callid:x foo:bar', 9, /no field "foo"; as text it needs quotes\. Fields: number, from, /],
    ['status:xyz', 7, /"xyz" cannot be a value of "status", which takes a status code/],
    ['status:200,7xx', 11, /"7xx" cannot be a value/],
    ['pdd>4', 4, /a duration with its unit/],
    ['pdd>-4s', 4, /a duration with its unit/],
    ['dst:10.0.0.0/33', 4, /an address, a network/],
    ['start:25:00', 6, /a time such as/],
    ['start:2026-02-29', 6, /a time such as/],
    ['from>a', 5, /"from" has no order/],
    ['pdd>1s..2s', 4, /takes one value/],
    ['pdd:4*', 4, /takes no pattern but a range, such as pdd:2s\.\.10s/],
    ['msgs:..', 5, /a range needs one end/],
    ['state:sleeping', 6, /"sleeping" is no value of "state", only: init, /],
    ['from:"a', 5, /needs a second quote/],
    ['from:/a', 5, /needs a "\/" at its end/],
    ['index:5', 0, /"index" is a field of events only/],
    [`from:${'x'.repeat(2000)}`, MAX_SEARCH_LENGTH, /2005 characters, at most 2000/],
    [`callid:${'x,'.repeat(80)}x`, 0, /more than 64 values/],
    ['ua:/x/ '.repeat(9), 59, /more than 8 regular expressions/],
    ['('.repeat(40), 33, /more than 32 levels deep/],
    [`${'!'.repeat(40)}a`, 33, /more than 32 levels deep/],
  ] as const) {
    test(typed.length > 60 ? `${typed.slice(0, 60)}…` : typed || 'nothing', () => {
      const fault = parseSearch(typed, 'calls');
      assert.ok(fault instanceof SearchFault);
      assert.match(fault.message, message);
      assert.equal(fault.at, at);
    });
  }
});

test('parseSearch() takes an alias for addresses where there is one, and says so where there is none', () => {
  const aliases = new Aliases(['192.0.2.1=sbc one', '192.0.2.0/24=sbc'].flatMap((text) => parseAlias(text) ?? []));
  const search = parseSearch('src:sbc alias:"SBC one" from:sbc', 'calls', UTC, aliases);
  assert.ok(!(search instanceof SearchFault));
  assert.equal(searchText(search), 'src:sbc AND ip:"SBC one" AND from:sbc');
  const fault = parseSearch('src:sbx', 'calls', UTC, aliases);
  assert.ok(fault instanceof SearchFault);
  assert.match(fault.message, /"sbx" cannot be a value of "src", which takes an address, .* or an alias/);
});

const TEXT_FIELDS = SEARCH_FIELD_NAMES.filter((name) => ['text', 'uri'].includes(SEARCH_FIELDS[name].kind));
const anyText = fc.string({ unit: 'binary', maxLength: 12 });
const patternText = fc
  .array(fc.constantFrom('*', 'a', 'B', '7', '@', '.', '-', '%', 'é'), { minLength: 1, maxLength: 8 })
  .map((parts) => `${parts.join('')}*`);
const regexpText = fc
  .array(fc.constantFrom('a', '/', '\\d', '\\\\', '[x/]', '.*', '"', ' ', '(', ')'), { maxLength: 6 })
  .map((parts) => parts.join(''));

const textValue: fc.Arbitrary<SearchValue> = fc.oneof(
  anyText.map((text) => ({ form: 'word' as const, text, at: 0 })),
  patternText.map((text) => ({ form: 'pattern' as const, text, at: 0 })),
);
const regexpValue: fc.Arbitrary<SearchValue> = regexpText.map((text) => ({ form: 'regexp' as const, text, at: 0 }));
const ordered: Readonly<Record<string, fc.Arbitrary<string>>> = {
  status: fc.constantFrom('200', '486', '5xx', '699'),
  count: fc.nat().map(String),
  figure: fc.constantFrom('3', '4.25'),
  duration: fc.constantFrom('4s', '250ms', '1m30s', '0'),
  moment: fc.constantFrom('now', '-15m', '14:03', '2026-11-21', '2026-11-21T14:03:05.000001Z'),
};

function orderedCondition(field: SearchField): fc.Arbitrary<Search> {
  const text = ordered[SEARCH_FIELDS[field].kind] ?? fc.constant('');
  const word = text.map((value) => ({ form: 'word' as const, text: value, at: 0 }));
  const range = fc
    .tuple(text, fc.oneof(text, fc.constant('')))
    .map(([low, high]) => ({ form: 'range' as const, low, high, at: 0 }));
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('>=' as const, '<=' as const, '>' as const, '<' as const), word)
      .map(([op, value]) => ({ kind: 'condition' as const, field, op, values: [value], at: 0 })),
    fc
      .tuple(
        fc.constantFrom(':' as const, '=' as const),
        fc.array(fc.oneof(word, range), { minLength: 1, maxLength: 3 }),
      )
      .map(([op, values]) => ({ kind: 'condition' as const, field, op, values, at: 0 })),
  );
}

const condition: fc.Arbitrary<Search> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...TEXT_FIELDS),
      fc.constantFrom(':' as const, '=' as const),
      fc.array(textValue, { minLength: 1, maxLength: 3 }),
    )
    .map(([field, op, values]) => ({ kind: 'condition' as const, field, op, values, at: 0 })),
  fc.constantFrom(...SEARCH_FIELD_NAMES.filter((name) => SEARCH_FIELDS[name].kind in ordered)).chain(orderedCondition),
);

const { search: anySearch } = fc.letrec<{ search: Search }>((tie) => ({
  search: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    tie('search').map((part) => ({ kind: 'not' as const, part })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('search'), { minLength: 2, maxLength: 3 }))
      .map(([kind, parts]) => ({ kind, parts })),
  ),
}));

/** Fields that calls do not have. */
const OF_OTHERS = new RegExp(
  `\\b(?:${SEARCH_FIELD_NAMES.filter((name) => !fieldInfo(name).subjects.includes('calls')).join('|')})(?=[:=<>])`,
);

/** Fields that only others have cannot stand in a search among calls. */
function suits(search: Search): boolean {
  const text = searchText(search);
  return text.length <= MAX_SEARCH_LENGTH && !OF_OTHERS.test(text);
}

test('a search that is written out is read back as the same search', () => {
  fc.assert(
    fc.property(anySearch, (search) => {
      fc.pre(suits(search));
      const text = searchText(search);
      const again = parseSearch(text, 'calls');
      if (again instanceof SearchFault && /more than/.test(again.message)) return;
      assert.ok(!(again instanceof SearchFault), `${text}: ${JSON.stringify(again)}`);
      assert.deepEqual(shape(again), shape(search));
    }),
    { numRuns: 500 },
  );
});

test('regular expressions are read back as they were', () => {
  fc.assert(
    fc.property(regexpValue, (value) => {
      const search: Search = { kind: 'condition', field: 'ua', op: ':', values: [value], at: 0 };
      const again = parseSearch(searchText(search), 'calls');
      assert.ok(!(again instanceof SearchFault), searchText(search));
      assert.deepEqual(shape(again), shape(search));
    }),
  );
});

test('any text is a search or a fault within the text', () => {
  const pieces = fc.constantFrom(
    'from',
    ':',
    '=',
    '>',
    '(',
    ')',
    '!',
    '"',
    '/',
    '\\',
    ',',
    '..',
    '*',
    ' ',
    'AND',
    'OR',
    'NOT',
    '5xx',
    '4s',
    '\0',
    'x',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces).map((parts) => parts.join('')),
      ),
      (text) => {
        const answer = parseSearch(text, 'events');
        if (answer instanceof SearchFault) assert.ok(answer.at >= 0 && answer.at <= text.length);
        else assert.ok(!(parseSearch(searchText(answer), 'events') instanceof SearchFault), searchText(answer));
      },
    ),
    { numRuns: 2000 },
  );
});

suite('samePhone()', () => {
  for (const [asked, dialled, same] of [
    ['+4930123456', '+4930123456', true],
    ['+4930123456', '004930123456', true],
    ['+4930123456', '030123456', true],
    ['030123456', '+4930123456', true],
    ['004930123456', '4930123456', true],
    ['+49 30'.replace(' ', ''), '030123456', false],
    ['123456', '+4930123456', true],
    ['456', '+4930123456', true],
    ['+4930123456', '3456', false],
    ['+4930-123-456', '+49(30)123456', true],
    ['+4930123456', '+4930123457', false],
  ] as const) {
    test(`${asked} is ${same ? '' : 'not '}${dialled}`, () => {
      const [one, other] = [readPhone(asked), readPhone(dialled)];
      assert.ok(one !== undefined && other !== undefined);
      assert.equal(samePhone(one, other), same);
    });
  }

  for (const text of ['', '+', '0', 'alice', '12a', '++49']) {
    test(`"${text}" is no number`, () => assert.equal(readPhone(text), undefined));
  }
});

suite('readMoment()', () => {
  // 2026-11-21T10:00:00Z, as `date -u -d @1795255200` says.
  const nowUs = 1_795_255_200_000_000;
  for (const [text, iso, spanUs] of [
    ['now', '2026-11-21T10:00:00.000Z', 0],
    ['-15m', '2026-11-21T09:45:00.000Z', 0],
    ['14:03', '2026-11-21T14:03:00.000Z', 60_000_000],
    ['09:03:05', '2026-11-21T09:03:05.000Z', 1_000_000],
    ['2026-11-20', '2026-11-20T00:00:00.000Z', 86_400_000_000],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', 86_400_000_000],
    ['2100-03-01', '2100-03-01T00:00:00.000Z', 86_400_000_000],
    ['2026-11-21T14:03', '2026-11-21T14:03:00.000Z', 60_000_000],
    ['2026-11-21T14:03:05Z', '2026-11-21T14:03:05.000Z', 1_000_000],
    ['2026-11-21T14:03:05.250+01:00', '2026-11-21T13:03:05.250Z', 1000],
    ['2026-11-21T00:30-01:30', '2026-11-21T02:00:00.000Z', 60_000_000],
  ] as const) {
    test(`${text} is ${iso}`, () => {
      const moment = readMoment(text);
      assert.ok(moment !== undefined);
      assert.equal(new Date(instantUs(moment, nowUs, UTC) / 1000).toISOString(), iso);
      assert.equal(moment.spanUs, spanUs);
    });
  }

  // Expected as `TZ=Europe/Berlin date -d '…' +%s` says.
  for (const [text, lowS, highS] of [
    ['11:30', 1_795_257_000, 1_795_257_060],
    ['2026-11-21', 1_795_215_600, 1_795_302_000],
    ['2026-10-25', 1_792_879_200, 1_792_969_200],
    ['2026-03-29', 1_774_738_800, 1_774_821_600],
    ['2026-07-01T12:00', 1_782_900_000, 1_782_900_060],
    ['2026-10-25T02:59', 1_792_889_940, 1_792_890_000],
    ['2026-11-21T14:03:05Z', 1_795_269_785, 1_795_269_786],
  ] as const) {
    test(`in Berlin ${text} covers ${highS - lowS} s from ${lowS}`, () => {
      const [moment, berlin] = [readMoment(text), zoneNamed('Europe/Berlin')];
      assert.ok(moment !== undefined && berlin !== undefined);
      assert.deepEqual(momentInterval(moment, nowUs, berlin), { low: lowS * 1e6, high: highS * 1e6 - 1 });
    });
  }

  test('agrees with the calendar of the runtime on every day of some centuries', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2400-12-31T00:00:00Z'), noInvalidDate: true }),
        (date) => {
          const text = date.toISOString();
          assert.equal(readMoment(text)?.us, date.getTime() * 1000);
          assert.equal(readMoment(text.slice(0, 10))?.us, Date.parse(text.slice(0, 10)) * 1000);
        },
      ),
    );
  });

  for (const text of [
    '',
    '24:00',
    '12:60',
    '1969-12-31',
    '2026-13-01',
    '2026-00-01',
    '2026-11-31',
    '2023-02-29',
    '-',
    '-15',
    'yesterday',
    '2026-11-21T',
    '2026-11-21T14:03+25:00',
  ]) {
    test(`"${text}" is no time`, () => assert.equal(readMoment(text), undefined));
  }
});
