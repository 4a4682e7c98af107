// Imports point inward: `node scripts/check-imports.mjs` checks every file in src/ against the table below,
// finds cycles, and keeps the core (everything that sees octets of strangers) free of clocks and I/O.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Folder → folders it may import from besides itself. Files directly in src/ wire everything and may import all. */
const MAY_IMPORT = {
  model: [],
  wire: ['model'],
  sip: ['model'],
  tracker: ['model', 'sip'],
  pipeline: ['model', 'wire', 'sip', 'tracker'],
  sources: ['model'],
  sinks: ['model'],
  http: ['model'],
  config: ['model'],
  telemetry: ['model'],
  replay: ['model', 'wire'],
  probe: ['model', 'replay'],
  dump: ['model', 'wire'],
  engine: ['model', 'pipeline', 'tracker', 'sources', 'dump', 'wire', 'sip'],
};

/** No clock, no I/O: time and octets come in as arguments. */
const CORE = new Set(['model', 'wire', 'sip', 'tracker', 'pipeline']);
const CORE_NODE_MODULES = ['node:buffer'];
/** What HEP and WebSocket compress is inflated in memory, with limits. */
const INFLATING = ['wire/hep/', 'wire/websocket/'];
const INFLATING_NODE_MODULES = [...CORE_NODE_MODULES, 'node:zlib'];
const CORE_FORBIDDEN_GLOBALS =
  /(?<![.\w$#])(Date|setTimeout|setInterval|setImmediate|performance|process|console|fetch)\b(?!\s*[:?]?:)/g;

/**
 * @param {Map<string, string>} files path below src/ with slashes → text
 * @returns {string[]} one line per violation
 */
export function checkImports(files) {
  const violations = [];
  const edges = new Map();
  for (const [path, text] of files) {
    const code = blank(text);
    const targets = [];
    for (const specifier of specifiersOf(code, text)) {
      const problem = specifier.startsWith('.')
        ? checkRelative(path, specifier, files, targets)
        : checkPackage(path, specifier);
      if (problem !== undefined) violations.push(`src/${path}: imports "${specifier}": ${problem}`);
    }
    edges.set(path, targets);
    if (CORE.has(folderOf(path))) {
      for (const [, name] of code.matchAll(CORE_FORBIDDEN_GLOBALS)) {
        violations.push(`src/${path}: uses ${name}: the core has no clock and no I/O`);
      }
    }
  }
  return [...violations, ...findCycles(edges)];
}

function checkRelative(path, specifier, files, targets) {
  const target = posix.join(posix.dirname(path), specifier);
  const from = folderOf(path);
  const to = folderOf(target);
  if (!files.has(target)) return 'no such file in src/ (extension .ts or .tsx is written out)';
  targets.push(target);
  if (from === '' || from === to) return undefined;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return `folder ${from} is not in the table of scripts/check-imports.mjs`;
  if (to === '' || !allowed.includes(to)) return `${from} may import only ${[...allowed, from].join(', ')}`;
  return undefined;
}

function checkPackage(path, specifier) {
  if (!specifier.startsWith('node:') || !CORE.has(folderOf(path))) return undefined;
  const allowed = INFLATING.some((folder) => path.startsWith(folder)) ? INFLATING_NODE_MODULES : CORE_NODE_MODULES;
  return allowed.includes(specifier) ? undefined : `the core may import only ${allowed.join(', ')} of Node.js`;
}

function folderOf(path) {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

/** Module names in import and export statements and in import(); found in the blanked code, read from the text. */
function specifiersOf(code, text) {
  const found = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])( *)\1/g)) {
    const start = match.index + match[0].length - 1 - match[2].length;
    found.push(text.slice(start, start + match[2].length));
  }
  return found;
}

/** One cycle per group of files that import each other, as the path around it. */
function findCycles(edges) {
  const state = new Map();
  const cycles = [];
  const visit = (path, trail) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      const around = [...trail.slice(trail.indexOf(path)), path];
      cycles.push(`src/${path}: import cycle: ${around.join(' -> ')}`);
      return;
    }
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** The text with comments and the insides of strings, templates and regular expressions as spaces: same length, code only. */
function blank(text) {
  const token =
    /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[^])*`|(?<=(?:^|[=(,:;!&|?{}[\n]|return|=>)\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;
  return text.replace(token, (found) => {
    if (!/^['"`]/.test(found)) return found.replace(/[^\n]/g, ' ');
    return found[0] + found.slice(1, -1).replace(/[^\n]/g, ' ') + found[0];
  });
}

function readSources(root) {
  const files = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    files.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
  }
  return files;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
  const violations = checkImports(readSources(root));
  for (const line of violations) console.error(line);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
