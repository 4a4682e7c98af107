// Writes the parts of the documentation that the code decides: `node scripts/docs.mjs` writes, `--check` compares.
// It reads the compiled program (.build/ from `npm run build:test`, or dist/), whichever was built last.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const build = newestBuild();
const load = (path) => import(pathToFileURL(join(build, path)).href);

const { ENV_PREFIX, envName, OPTION_NAMES, optionOf, SECTIONS, shownText } = await load('config/schema.js');
const { FAULTS } = await load('model/fault.js');
const { COUNTERS } = await load('model/counters.js');
const { COUNTER_GROUPS } = await load('model/counter-groups.js');
const { TIMED_CALL_STATES } = await load('model/call-state.js');
const { formatDuration } = await load('model/duration.js');

const check = process.argv.includes('--check');
const stale = [];
update('docs/configuration.md', (text) => fill(fill(text, 'options', optionTables()), 'states', stateTable()));
update('docs/codes.md', (text) => fill(fill(text, 'faults', faultTable()), 'counters', counterTables()));
update('config/example.yaml', exampleFile);
for (const path of stale)
  console.error(`${path} is not what the code says: run "npm run build && node scripts/docs.mjs"`);
process.exitCode = stale.length === 0 ? 0 : 1;

function newestBuild() {
  const found = ['.build/src', 'dist']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(join(folder, 'config/schema.js')))
    .map((folder) => ({ folder, at: statSync(join(folder, 'config/schema.js')).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  if (found.length === 0) throw new Error('nothing is built: run "npm run build" first');
  return found[0].folder;
}

function update(path, generate) {
  const file = join(root, path);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const after = generate(before);
  if (before === after) return;
  if (check) stale.push(path);
  else writeFileSync(file, after);
}

/** Replaces what stands between the two marks of a generated part. */
function fill(text, name, content) {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the marks of the generated part "${name}" are missing`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text) {
  return text === '' ? '' : `\`${text}\``;
}

function optionTables() {
  return SECTIONS.map((section) => {
    const rows = OPTION_NAMES.map((name) => ({ name, ...optionOf(name) }))
      .filter((option) => option.section === section)
      .map(({ name, kind, written, doc, alias, secret }) => [
        code(name) + (alias === undefined ? '' : ` (${code(`-${alias}`)})`),
        code(written) || 'empty',
        kind.unit,
        kind.expected,
        code(envName(name)),
        sentence(doc) + (secret ? ' Secret: never shown.' : ''),
      ]);
    return `### ${section}\n\n${table(['Option', 'Default', 'Unit', 'Allowed', 'Environment', 'Meaning'], rows)}`;
  }).join('\n\n');
}

function stateTable() {
  const rows = TIMED_CALL_STATES.map((info) => [
    code(info.name),
    info.text,
    ...[info.defaultSeconds, info.minSeconds, info.maxSeconds].map((seconds) => formatDuration(seconds * 1000)),
  ]);
  return table(['State', 'Long name', 'Default', 'From', 'To'], rows);
}

function faultTable() {
  const rows = FAULTS.map(({ code: name, text, parseError }) => [
    code(name),
    sentence(text),
    parseError === undefined ? '' : code(`parse_error_${parseError}`),
  ]);
  return table(['Code', 'Meaning', 'Also counted as'], rows);
}

function counterTables() {
  return COUNTER_GROUPS.filter((group) => group !== 'ingest.refused')
    .map((group) => {
      const rows = COUNTERS.filter((info) => info.group === group).map((info) => [
        code(info.name),
        [info.gauge ? 'gauge' : '', info.max ? 'maximum' : ''].filter((mark) => mark !== '').join(', '),
        sentence(info.description),
      ]);
      return `### ${code(group)}\n\n${table(['Counter', 'Kept', 'Meaning'], rows)}`;
    })
    .join('\n\n');
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** Every option with its default, commented out; taking out a "# " before an option name sets it. */
function exampleFile() {
  const lines = [
    '# All options of sipcol with their defaults. Copy this file, remove the "# " in front of what you change, and start',
    '# "sipcol --config FILE". The same names work on the command line (--http_port=8080) and in the environment',
    `# (${ENV_PREFIX}HTTP_PORT=8080), which win over this file. Written by scripts/docs.mjs.`,
  ];
  for (const section of SECTIONS) {
    lines.push('', `## ${section}`);
    for (const name of OPTION_NAMES) {
      const { kind, value, doc, section: own } = optionOf(name);
      if (own !== section) continue;
      lines.push('', `## ${sentence(doc)}`, `## Allowed: ${kind.expected}.`, `# ${name}: ${yaml(kind.show(value))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function yaml(shown) {
  if (typeof shown === 'object') return `[${shown.map(yaml).join(', ')}]`;
  // Quotes wherever YAML could read something else than text.
  return typeof shown === 'string' && !/^[A-Za-z][\w-]*$/.test(shown) ? `'${shown}'` : shownText(shown);
}
