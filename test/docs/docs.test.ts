import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { envName, OPTION_NAMES, optionOf } from '../../src/config/schema.ts';
import { COUNTERS } from '../../src/model/counters.ts';
import { FAULTS } from '../../src/model/fault.ts';

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** First cells of all table rows, without their code marks. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)`[^|]*\|/gm)].map((match) => match[1] ?? '');
}

test('docs/configuration.md has exactly the options of the schema, with default and environment name', () => {
  const text = read('docs/configuration.md');
  const options = text.slice(text.indexOf('generated: options'), text.indexOf('end: options'));
  assert.deepEqual(firstCells(options).toSorted(), OPTION_NAMES.toSorted());
  for (const name of OPTION_NAMES) {
    const row = options.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
    const { written } = optionOf(name);
    assert.ok(row.includes(written === '' ? '| empty |' : `| \`${written}\` |`), name);
    assert.ok(row.includes(`\`${envName(name)}\``), name);
  }
});

test('docs/codes.md has exactly the codes and counters there are', () => {
  const text = read('docs/codes.md');
  const faults = text.slice(text.indexOf('generated: faults'), text.indexOf('end: faults'));
  const counters = text.slice(text.indexOf('generated: counters'), text.indexOf('end: counters'));
  assert.deepEqual(
    firstCells(faults),
    FAULTS.map(({ code }) => code),
  );
  const named = COUNTERS.filter(({ group }) => group !== 'ingest.refused').map(({ name }) => name);
  assert.deepEqual(firstCells(counters).toSorted(), named.toSorted());
});

test('codes are never used twice', () => {
  assert.equal(new Set(FAULTS.map(({ code }) => code)).size, FAULTS.length);
  const counters = COUNTERS.map(({ group, name }) => `${group}.${name}`);
  assert.equal(new Set(counters).size, counters.length);
});
