import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { callLine, eventLine, readScenarios, Stage, type Scenario } from './scenario.ts';

const FOLDER = 'fixtures/scenarios';

for (const file of readdirSync(FOLDER).toSorted()) {
  for (const scenario of readScenarios(readFileSync(`${FOLDER}/${file}`, 'utf8'))) {
    test(`${file}: ${scenario.title}`, () => play(scenario));
  }
}

function play(scenario: Scenario): void {
  const stage = new Stage();
  let expectedEvents: string[] = [];
  let expectedCalls: string[] = [];
  const check = (line: number): void => {
    const where = `line ${line} of "${scenario.title}"`;
    assert.deepEqual(stage.newEvents().map(eventLine), expectedEvents, `events, ${where}`);
    const calls = stage.calls();
    const shown = calls.map((call, n) => {
      const keys = [...(expectedCalls[n] ?? '').matchAll(/ (\w+)=/g)].map((match) => match[1] ?? '');
      return callLine(call, keys);
    });
    assert.deepEqual(shown, expectedCalls, `calls, ${where}`);
    expectedEvents = [];
    expectedCalls = [];
  };
  // Checks are lines that begin with "="; a block of them is one check.
  let checking = 0;
  for (const { number, text } of scenario.lines) {
    if (text.startsWith('=')) {
      checking = number;
      const [, kind = '', rest = ''] = /^= (\w+)\s*(.*)$/.exec(text) ?? [];
      if (kind === 'event') expectedEvents.push(rest);
      else if (kind === 'call') expectedCalls.push(rest);
      else assert.equal(kind, 'nothing', `line ${number}: "${text}" is no check`);
      continue;
    }
    if (checking > 0) check(checking);
    checking = 0;
    if (text.startsWith('until ')) stage.advance(Number(text.slice(6)));
    else stage.send(text);
  }
  assert.ok(checking > 0, `"${scenario.title}" ends with a check`);
  check(checking);
}
