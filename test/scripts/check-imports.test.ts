import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

// The script is plain JavaScript without types; this is what it exports.
const { checkImports } = (await import(pathToFileURL(resolve('scripts/check-imports.mjs')).href)) as {
  checkImports: (files: Map<string, string>) => string[];
};

const MODEL = ['model/a.ts', 'export const a = 1;'] as const;

function check(...files: (readonly [path: string, text: string])[]): string[] {
  return checkImports(new Map([MODEL, ...files]));
}

test('checkImports() lets imports point inward', () => {
  const violations = check(
    ['wire/hep/b.ts', `import { a } from '../../model/a.ts';\nimport { inflateSync } from "node:zlib";`],
    ['sip/c.ts', `export * from '../model/a.ts';\nimport { Buffer } from 'node:buffer';`],
    ['pipeline/d.ts', `import type { b } from '../wire/hep/b.ts';\nimport '../sip/c.ts';`],
    ['http/e.ts', `const m = await import('../model/a.ts');\nimport { readFileSync } from 'node:fs';`],
    ['main.ts', `import './http/e.ts';\nimport './pipeline/d.ts';`],
  );
  assert.deepEqual(violations, []);
});

for (const [name, path, text, message] of [
  [
    'the core importing an adapter',
    'tracker/x.ts',
    `import '../http/e.ts';`,
    'tracker may import only model, sip, tracker',
  ],
  [
    'an adapter importing another',
    'telemetry/x.ts',
    `import type { E } from '../http/e.ts';`,
    'telemetry may import only model, telemetry',
  ],
  ['a folder importing main', 'config/x.ts', `import '../main.ts';`, 'config may import only model, config'],
  [
    'I/O in the core',
    'pipeline/x.ts',
    `import { open } from 'node:fs';`,
    'the core may import only node:buffer of Node.js',
  ],
  ['zlib outside wire/hep', 'sip/x.ts', `import 'node:zlib';`, 'the core may import only node:buffer of Node.js'],
  [
    'a folder nobody knows',
    'misc/x.ts',
    `import '../model/a.ts';`,
    'folder misc is not in the table of scripts/check-imports.mjs',
  ],
  [
    'a file that does not exist',
    'sip/x.ts',
    `import './y.ts';`,
    'no such file in src/ (extension .ts or .tsx is written out)',
  ],
  [
    'an import over several lines',
    'wire/x.ts',
    `import {\n  e,\n} from '../http/e.ts';`,
    'wire may import only model, wire',
  ],
] as const) {
  test(`checkImports() finds ${name}`, () => {
    const violations = check([path, text], ['http/e.ts', ''], ['main.ts', '']);
    assert.equal(violations.length, 1);
    assert.ok(violations[0]?.endsWith(message), violations[0]);
  });
}

test('checkImports() finds cycles, within one folder and by way of types', () => {
  const violations = check(
    ['sip/x.ts', `import { y } from './y.ts';`],
    ['sip/y.ts', `import type { z } from './z.ts';`],
    ['sip/z.ts', `import './x.ts';`],
  );
  assert.deepEqual(violations, ['src/sip/x.ts: import cycle: sip/x.ts -> sip/y.ts -> sip/z.ts -> sip/x.ts']);
});

test('checkImports() finds clocks and I/O in the core, but not in comments, texts, properties or other folders', () => {
  assert.deepEqual(check(['tracker/x.ts', 'const t = Date.now();\nsetTimeout(f, 1);']), [
    'src/tracker/x.ts: uses Date: the core has no clock and no I/O',
    'src/tracker/x.ts: uses setTimeout: the core has no clock and no I/O',
  ]);
  const harmless = [
    '// Date: not the clock',
    '/* process.exit */',
    `const text = 'Date' + "process" + \`performance\`;`,
    'const header = /^Date["\']/i.exec(line);',
    'const rows = { Date: 1, process: 2 };',
    'row.process = header.Date;',
    'const dateHeader = updateDate;',
  ];
  assert.deepEqual(check(['sip/x.ts', harmless.join('\n')], ['sources/y.ts', 'Date.now();']), []);
});
