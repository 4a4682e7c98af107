import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, formatLine } from '../../src/telemetry/log.ts';

function written(level: number, format: 'json' | 'text'): string[] {
  const lines: string[] = [];
  const log = createLog({ level, format }, { write: (line) => lines.push(line) });
  log.debug({}, 'at debug');
  log.info({ port: 9060 }, 'at info');
  log.warn({}, 'at warn');
  log.error({}, 'at error');
  return lines;
}

for (const [level, lines] of [
  [-3, 0],
  [-2, 0],
  [-1, 1],
  [0, 2],
  [1, 2],
  [2, 3],
  [3, 4],
] as const) {
  test(`createLog() at level ${level} writes ${lines} of debug, info, warn, error`, () => {
    assert.equal(written(level, 'json').length, lines);
  });
}

test('createLog() writes one JSON object per line: level by name, time in UTC, fields, sentence', () => {
  const [line = ''] = written(2, 'json');
  assert.match(line, /\n$/);
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(rest, { level: 'info', port: 9060, msg: 'at info' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('createLog() as text writes one readable line', () => {
  assert.match(written(2, 'text')[0] ?? '', /^\S+Z INFO {2}at info port=9060\n$/);
});

test('formatLine() keeps hostile values on their line and apart from each other', () => {
  const line = JSON.stringify({
    level: 'warn',
    time: 'T',
    hex: '0a',
    agent: 'a b=c',
    node: 'x\r\nT ERROR forged\u001b[2J\u009b\u202e',
    none: null,
    msg: 'first\nsecond',
  });
  assert.equal(
    formatLine(line),
    String.raw`T WARN  first\u000asecond hex=0a agent="a b=c" node="x\r\nT ERROR forged\u001b[2J\u009b\u202e" none=null`,
  );
});

test('createLog() changes its level while it runs', () => {
  const lines: string[] = [];
  const log = createLog({ level: 2, format: 'json' }, { write: (line) => lines.push(line) });
  log.debug({}, 'hidden');
  log.level.set(3);
  log.debug({}, 'shown');
  log.level.set(-1);
  log.warn({}, 'hidden again');
  assert.equal(log.level.get(), -1);
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['shown'],
  );
});
