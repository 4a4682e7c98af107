import { quoted } from '../model/text.ts';
import { ConfigError } from './config-error.ts';
import { splitArguments } from './options.ts';
import { envName, type Option, OPTION_NAMES, optionOf, SECTIONS } from './schema.ts';

const COMMANDS = ['serve', 'replay', 'probe', 'hash-password'] as const;

export interface Command {
  readonly command: (typeof COMMANDS)[number] | 'help' | 'version' | 'print-config';
  /** Arguments behind the command, which `loadConfig` reads (`serve`, `print-config`) or the command itself. */
  readonly rest: readonly string[];
}

/**
 * Finds out what is asked for: `sipcol [serve|replay|probe|hash-password] …`, or one of --help, --version, --print-config.
 *
 * @param argv arguments without the interpreter and the program
 * @throws ConfigError for a command that does not exist
 */
export function parseCommand(argv: readonly string[]): Command {
  const first = argv[0];
  const named = COMMANDS.find((name) => name === first);
  if (first !== undefined && named === undefined && !first.startsWith('-')) {
    throw new ConfigError(`Unknown command ${quoted(first)}: expected ${COMMANDS.join(', ')} or options`);
  }
  const rest = named === undefined ? argv : argv.slice(1);
  // The other commands have arguments of their own.
  if (named !== undefined && named !== 'serve') return { command: named, rest };
  for (const argument of splitArguments(rest)) {
    if (argument.type === 'switch' && argument.name !== 'config') return { command: argument.name, rest };
  }
  return { command: named ?? 'serve', rest };
}

const LEFT = 44;
const WIDTH = 120;

/** The text of --help: commands, then every option by section. */
export function helpText(): string {
  const lines = [
    'sipcol: SIP network collector',
    '',
    'Usage:',
    '  sipcol [serve] [options]                         collect (default)',
    '  sipcol replay FILE... --to udp:HOST:PORT         send captured traffic as HEP',
    '  sipcol probe --to HOST:PORT [--pcap FILE]        send it as an IPFIX probe (SBC) would',
    '  sipcol hash-password                             read a password, print its hash for http_users',
    '  sipcol --help | --version | --print-config',
    '',
    'Options are written -name value or -name=value, with one dash or two; flags also as -name alone.',
    'Later sources win: defaults, config/default.json, --config FILE, environment, command line.',
    `In the environment an option is named ${envName('http_port')} and so on.`,
    '',
    'General',
    entry('--config FILE', 'JSON or YAML file with options; in the environment SIPCOL_CONFIG'),
    entry('--print-config', 'print the configuration in use as JSON, secrets hidden, and exit'),
    entry('--version', 'print the version and exit'),
    entry('--help', 'print this and exit'),
  ];
  for (const section of SECTIONS) {
    lines.push('', section);
    for (const name of OPTION_NAMES) {
      const option = optionOf(name);
      if (option.section === section) lines.push(entry(`--${name} ${option.kind.placeholder}`, helpOn(option)));
    }
  }
  return `${lines.join('\n')}\n`;
}

function helpOn({ doc, written, alias }: Option<unknown>): string {
  const notes = [written === '' ? '' : `default ${written}`, alias === undefined ? '' : `also -${alias}`];
  const noted = notes.filter((note) => note !== '').join('; ');
  return noted === '' ? doc : `${doc} (${noted})`;
}

/** An option on the left, its text on the right, wrapped at words. */
function entry(left: string, text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && LEFT + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  lines.push(line);
  return lines.map((part, index) => (index === 0 ? `  ${left}`.padEnd(LEFT) : ' '.repeat(LEFT)) + part).join('\n');
}
