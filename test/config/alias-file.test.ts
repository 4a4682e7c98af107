import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AliasFile } from '../../src/config/alias-file.ts';
import { formatAlias, MAX_ALIASES, parseAlias } from '../../src/model/alias.ts';

const directory = mkdtempSync(join(tmpdir(), 'sipcol-aliases-'));
after(() => rmSync(directory, { recursive: true }));

const fixed = parseAlias('10.0.0.0/8=core') ?? assert.fail();

function fileWith(name: string, text: string): AliasFile {
  const path = join(directory, name);
  writeFileSync(path, text);
  return new AliasFile(path, [fixed], [fixed]);
}

const names = (file: AliasFile): string[] => file.names.all.map(formatAlias);

test('lines that are written are in the file, comments too, and are the names from then on beside those of the option', async () => {
  const file = fileWith('written', '192.0.2.1=old\n');
  const { names: table } = file;
  await file.write('# ours\r\n192.0.2.1=sbc;ours\r\n\r\n192.0.2.0/24:5070=fax');
  assert.equal(await file.read(), '# ours\n192.0.2.1=sbc;ours\n\n192.0.2.0/24:5070=fax\n');
  assert.deepEqual(names(file), ['192.0.2.1=sbc;ours', '192.0.2.0/24:5070=fax', '10.0.0.0/8=core']);
  // Whoever was given the names at the start has the new ones.
  assert.equal(table.nameOf('192.0.2.1', 5060), 'sbc');
  await file.write('');
  assert.equal(readFileSync(file.path, 'utf8'), '');
  assert.deepEqual([names(file), table.nameOf('192.0.2.1', 5060)], [['10.0.0.0/8=core'], undefined]);
});

test('a line nobody can read changes nothing, and is named', async () => {
  const file = fileWith('bad', '192.0.2.1=old\n');
  await file.write('192.0.2.1=kept\n');
  await assert.rejects(file.write('192.0.2.1=new\n\n192.0.2.2\n'), {
    message: 'line 3 is "192.0.2.2", expected address=name or address=name;group',
  });
  // One to a line, whatever may stand in the option.
  await assert.rejects(file.write('192.0.2.1=a,192.0.2.2=b'), /^Error: line 1 is/);
  assert.deepEqual([await file.read(), names(file)[0]], ['192.0.2.1=kept\n', '192.0.2.1=kept']);
});

test(`${MAX_ALIASES} with those of the option are the most`, async () => {
  const file = fileWith('many', '');
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, n) => `192.0.${n >> 8}.${n & 255}=n${n}`).join('\n');
  await assert.rejects(file.write(lines(MAX_ALIASES)), /^Error: there are 4097 with those of the option/);
  await file.write(lines(MAX_ALIASES - 1));
  assert.equal(file.names.all.length, MAX_ALIASES);
});

test('two who write at the same time write one after the other, and the later one stays', async () => {
  const file = fileWith('twice', '');
  await Promise.all([file.write('192.0.2.1=first'), file.write('192.0.2.1=second')]);
  assert.deepEqual([await file.read(), names(file)[0]], ['192.0.2.1=second\n', '192.0.2.1=second']);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a file that cannot be written leaves the names as they are', async () => {
  const file = new AliasFile(join(directory, 'missing', 'file'), [fixed], [fixed]);
  await assert.rejects(file.write('192.0.2.1=new'), /ENOENT/);
  await assert.rejects(file.read(), /ENOENT/);
  assert.deepEqual(names(file), ['10.0.0.0/8=core']);
});
