import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Type } from 'typebox';
import { UTC, zoneNamed } from '../../src/model/zone.ts';
import { csvPieces, csvTable, type CsvTable } from '../../src/http/csv.ts';
import { client } from './client.ts';
import { call, event, link, registration } from './fakes.ts';

const csvText = (table: CsvTable): string => [...csvPieces(table)].join('');

const cells: [string, unknown, string][] = [
  ['text', 'sip:alice@example.com', 'sip:alice@example.com'],
  ['a comma', 'a,b', '"a,b"'],
  ['quotes', 'say "hi"', '"say ""hi"""'],
  ['spaces around', ' a ', '" a "'],
  ['a line break', 'a\r\nb', 'a\\x0d\\x0ab'],
  ['NUL and a mark that reverses text', 'a\u0000\u202eb', 'a\\x00\\u{202e}b'],
  ['a formula', '=1+1', "'=1+1"],
  ['a formula that calls a program', `=cmd|'/c calc'!A1`, `'=cmd|'/c calc'!A1`],
  ['a telephone number', '+4930123456', "'+4930123456"],
  ['a minus', '-2+3', "'-2+3"],
  ['an at sign', '@SUM(1)', "'@SUM(1)"],
  ['a formula behind spaces', '  =1+1', `'  =1+1`],
  ['a formula behind a tab', '\t=1+1', '\\x09=1+1'],
  ['a formula with quotes', '="a"', `"'=""a"""`],
  ['a negative number', -5, '-5'],
  ['a fraction', 0.25, '0.25'],
  ['nothing', null, ''],
  ['a switch', true, 'true'],
  ['a list', ['a', 'b'], 'a; b'],
  ['a list that begins as a formula', ['=a', 'b'], "'=a; b"],
  ['a pair', [200, 0], '200; 0'],
  ['members with names of their own', { a: '=b' }, '"{""a"":""=b""}"'],
];
for (const [what, value, cell] of cells) {
  test(`csvPieces() writes ${what}`, () => {
    assert.equal(csvText({ columns: ['a'], rows: [[value]] }), `a\r\n${cell}\r\n`);
  });
}

test('csvTable() has the columns of the schema, whatever the items hold', () => {
  const schema = Type.Object({
    a: Type.String(),
    b: Type.Object({ c: Type.Integer(), d: Type.Integer() }),
    e: Type.Union([Type.Object({ f: Type.String() }), Type.Null()]),
  });
  const { columns, rows } = csvTable(
    schema,
    [{ a: 'x', b: { c: 1, d: 2 }, e: null, g: 'not documented' }, { e: { f: 'y' } }],
    UTC,
  );
  assert.deepEqual(columns, ['a', 'b.c', 'b.d', 'e.f']);
  assert.deepEqual(
    [...rows],
    [
      ['x', 1, 2, undefined],
      [undefined, undefined, undefined, 'y'],
    ],
  );
});

test('csvTable() has times on the clocks of the reader, and their microseconds as they are', () => {
  const schema = Type.Object({
    atUs: Type.Integer(),
    at: Type.String(),
    b: Type.Object({ toUs: Type.Integer(), to: Type.String() }),
  });
  const item = { atUs: 1_792_890_000_000_001, at: '2026-10-25T01:00:00.000001Z', b: { toUs: null, to: '' } };
  const zone = zoneNamed('Europe/Berlin') ?? UTC;
  // TZ=Europe/Berlin date -d @1792890000 +%FT%T%:z
  assert.deepEqual(
    [...csvTable(schema, [item], zone).rows],
    [[1_792_890_000_000_001, '2026-10-25T02:00:00.000001+01:00', null, '']],
  );
});

test('csvPieces() never lets text leave its cell or its line, or begin a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (row) => {
      const lines = csvText({ columns: row.map(() => 'c'), rows: [row] }).split('\r\n');
      assert.equal(lines.length, 3);
      const fields = fieldsOf(lines[1] ?? '');
      assert.equal(fields.length, row.length);
      for (const field of fields) assert.doesNotMatch(field, /^\s*[=+\-@]/);
    }),
  );
});

/** RFC 4180, read the long way round: quotes open and close, two of them are one. */
function fieldsOf(line: string): string[] {
  const fields = [''];
  let inQuotes = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    const last = fields.length - 1;
    if (character === '"' && inQuotes && line[at + 1] === '"') fields[last] += line[++at] ?? '';
    else if (character === '"') inQuotes = !inQuotes;
    else if (character === ',' && !inQuotes) fields.push('');
    else fields[last] += character;
  }
  assert.equal(inQuotes, false);
  return fields;
}

suite('format=csv', () => {
  const lists = [
    '/calls/list',
    '/regs/list',
    '/events',
    '/links',
    '/counters',
    '/hep/list',
    '/ipfix/list',
    '/evrateblst/list',
  ];
  for (const path of lists) {
    test(`${path} is a file to save with a row for each item`, async () => {
      const { get } = client();
      const answer = await get(`${path}?format=csv`);
      assert.equal(answer.statusCode, 200);
      assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8; header=present');
      assert.match(String(answer.headers['content-disposition']), /^attachment; filename="sipcol-[a-z-]+\.csv"$/);
      const lines = answer.body.split('\r\n');
      const widths = lines.slice(0, -1).map((line) => fieldsOf(line).length);
      assert.ok(widths.length > 1);
      assert.equal(new Set(widths).size, 1);
      assert.match((await get(`${path}?format=html`)).body, new RegExp(`href="${path}\\?format=csv"`));
    });
  }

  test('a list is filtered and cut as it is on the page', async () => {
    const { get, deps } = client();
    deps.engine.calls = [call(), call({ id: 2, callId: 'second' }), call({ id: 3, callId: 'third' })];
    const { body } = await get('/calls/list?format=csv&n=1&s=1');
    assert.deepEqual(
      body
        .split('\r\n')
        .slice(1)
        .map((line) => fieldsOf(line)[1]),
      ['second', undefined],
    );
  });

  test('an empty list has its heading', async () => {
    const { get, deps } = client();
    deps.engine.registrations = [];
    assert.match((await get('/regs/list?format=csv')).body, /^id,aor,contact,[^\r\n]*\r\n$/);
  });

  test('the columns of calls, bindings and events stand side by side as in the API', async () => {
    const { get, deps } = client();
    deps.engine.calls = [call({ callId: '=1+1', from: '+49', statuses: [486, 0] })];
    deps.engine.registrations = [registration({ aor: '@x' })];
    deps.engine.events = [event({ callId: '-1' })];
    const row = async (path: string): Promise<Map<string, string | undefined>> => {
      const [head = '', first = ''] = (await get(`${path}?format=csv`)).body.split('\r\n');
      const values = fieldsOf(first);
      return new Map(fieldsOf(head).map((name, at) => [name, values[at]]));
    };
    const calls = await row('/calls/list');
    assert.deepEqual([calls.get('callId'), calls.get('from'), calls.get('statuses')], ["'=1+1", "'+49", '486; 0']);
    assert.deepEqual([calls.get('src.ip'), calls.get('src.port')], ['192.0.2.1', '5060']);
    assert.equal((await row('/regs/list')).get('aor'), "'@x");
    assert.equal((await row('/events')).get('callId'), "'-1");
  });

  test('a link has a row for each of its counts', async () => {
    const { get, deps } = client();
    deps.engine.links = [
      link({
        server: '192.0.2.1',
        transport: 'udp',
        serverPort: 5060,
        client: '2001:db8::1',
        counts: [
          { type: 'INVITE', out: 1, in: 2, unknown: 0 },
          { type: '200', out: 3, in: 0, unknown: 4 },
        ],
      }),
    ];
    assert.equal(
      (await get('/links?format=csv')).body,
      'server,transport,serverPort,client,type,out,in,unknown\r\n' +
        '192.0.2.1,udp,5060,2001:db8::1,INVITE,1,2,0\r\n192.0.2.1,udp,5060,2001:db8::1,200,3,0,4\r\n',
    );
  });

  test('a page that is no list has no CSV', async () => {
    const { get } = client();
    assert.equal((await get('/calls?format=csv')).statusCode, 400);
  });
});
