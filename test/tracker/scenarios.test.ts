import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bindingLine, callLine, eventLine, readScenarios, Stage, type Scenario } from './scenario.ts';

const FOLDER = 'fixtures/scenarios';
const KINDS = ['event', 'call', 'binding', 'counter'];

for (const file of readdirSync(FOLDER).toSorted()) {
  for (const scenario of readScenarios(readFileSync(`${FOLDER}/${file}`, 'utf8'))) {
    test(`${file}: ${scenario.title}`, () => play(scenario));
  }
}

function play(scenario: Scenario): void {
  const stage = new Stage();
  let expected = new Map<string, string[]>();
  const check = (line: number): void => {
    const where = `line ${line} of "${scenario.title}"`;
    const compare = <View>(kind: string, views: View[], show: (view: View, keys: string[]) => string): void => {
      const lines = expected.get(kind) ?? [];
      const shown = views.map((view, n) => show(view, keysOf(lines[n] ?? '')));
      assert.deepEqual(shown, lines, `${kind}s, ${where}`);
    };
    compare('event', stage.newEvents(), eventLine);
    compare('call', stage.calls(), callLine);
    compare('binding', stage.bindings(), bindingLine);
    for (const text of expected.get('counter') ?? []) {
      const [path = '', value = ''] = text.split(/\s+/);
      assert.equal(`${path} ${stage.counter(path)}`, `${path} ${value}`, where);
    }
    expected = new Map();
  };
  // Checks are lines that begin with "="; a block of them is one check.
  let checking = 0;
  for (const { number, text } of scenario.lines) {
    if (text.startsWith('=')) {
      checking = number;
      const [, kind = '', rest = ''] = /^= (\w+)\s*(.*)$/.exec(text) ?? [];
      assert.ok([...KINDS, 'nothing'].includes(kind), `line ${number}: "${text}" is no check`);
      expected.set(kind, [...(expected.get(kind) ?? []), rest]);
      continue;
    }
    if (checking > 0) check(checking);
    checking = 0;
    if (text.startsWith('until ')) stage.advance(Number(text.slice(6)));
    else if (text.startsWith('with ')) stage.configure(text.slice(5));
    else stage.send(text);
  }
  assert.ok(checking > 0, `"${scenario.title}" ends with a check`);
  check(checking);
}

/** Names of the `key=value` that follow in a check line. */
function keysOf(line: string): string[] {
  return [...line.matchAll(/ (\w+)=/g)].map((match) => match[1] ?? '');
}
