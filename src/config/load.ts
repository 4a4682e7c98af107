import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { parse as parseYaml } from 'yaml';
import { type Alias, AliasTextFault, MAX_ALIASES, parseAliasLines } from '../model/alias.ts';
import { isLoopback } from '../model/endpoint.ts';
import { quoted } from '../model/text.ts';
import { ConfigError } from './config-error.ts';
import type { Written } from './kinds.ts';
import { splitArguments, unknownOption } from './options.ts';
import {
  type Config,
  createConvict,
  ENV_PREFIX,
  envName,
  findOption,
  optionOf,
  type OptionName,
  OPTIONS,
} from './schema.ts';

/** Where a value came from. */
export type Source = 'default' | 'file' | 'environment' | 'command line';

export interface LoadedConfig {
  readonly config: Config;
  /** Options that were set somewhere; all others have their default. */
  readonly sources: ReadonlyMap<OptionName, Source>;
  /** Those of `aliases` and those of `aliases_file`. */
  readonly aliases: readonly Alias[];
}

export interface ConfigInput {
  /** Arguments behind the command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file or throws. */
  readonly readFile: (path: string) => string;
  /** Text of `config/default.json`, when there is one. */
  readonly packageDefaults?: string;
}

const PACKAGE_DEFAULTS = 'config/default.json';

/**
 * Puts the configuration together: defaults, `config/default.json`, the file of `--config` (or SIPCOL_CONFIG),
 * environment, command line; the later one wins. An empty list or an empty environment variable sets nothing.
 *
 * @throws ConfigError for the first thing that cannot be used
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const layers = new Layers();
  const args = readArguments(input.argv);
  if (input.packageDefaults !== undefined) layers.addFile(PACKAGE_DEFAULTS, input.packageDefaults);
  const file = args.file ?? nonEmpty(input.env[CONFIG_VARIABLE]);
  if (file !== undefined) layers.addFile(file, readText(input.readFile, file, 'config'));
  layers.addEnvironment(input.env);
  for (const { name, value } of args.values) layers.set(name, value, 'command line', 'command line');
  const config = layers.finish();
  checkTogether(config);
  checkTls(config, input.readFile);
  return { config, sources: layers.sources, aliases: readAliases(config, input.readFile) };
}

/** The values collected so far and where each came from. */
class Layers {
  readonly sources = new Map<OptionName, Source>();
  readonly #convict = createConvict();

  addFile(path: string, text: string): void {
    const document = parseDocument(path, text);
    for (const [key, raw] of Object.entries(document)) {
      const name = findOption(key);
      if (name === undefined) throw unknownOption(key, `file ${path}`, 'key');
      this.set(name, writtenInFile(name, raw, path), 'file', `file ${path}`);
    }
  }

  addEnvironment(env: ConfigInput['env']): void {
    for (const [variable, value] of Object.entries(env)) {
      if (!variable.startsWith(ENV_PREFIX) || NOT_OPTIONS.has(variable)) continue;
      if (value === undefined || isServiceLink(variable, value)) continue;
      const name = findOption(variable.slice(ENV_PREFIX.length).toLowerCase());
      if (name === undefined || envName(name) !== variable) {
        throw unknownOption(variable.slice(ENV_PREFIX.length), `environment ${variable}`);
      }
      // Compose files and unit files pass variables on that nobody set, as empty text.
      if (value !== '') this.set(name, value, 'environment', `environment ${variable}`);
    }
  }

  set(name: OptionName, written: Written, source: Source, where: string): void {
    const { kind, secret } = optionOf(name);
    const reading = kind.read(written);
    if (!reading.ok) {
      const entry = reading.entry === undefined ? '' : ` entry ${reading.entry}`;
      const given = secret ? entry : ` ${quoted(reading.given)}`;
      throw new ConfigError(`Cannot use ${name}${given} (${where}): expected ${reading.expected ?? kind.expected}`);
    }
    if (kind.list && isEmptyList(reading.value)) return;
    // A kind answers values of its own option's type.
    this.#convict.set(name, reading.value as Config[OptionName]);
    this.sources.set(name, source);
  }

  finish(): Config {
    this.#convict.validate({ allowed: 'strict' });
    return this.#convict.getProperties();
  }
}

/** An empty list keeps the earlier value. A map emptied by zeros (`calls_timeouts`) says something and counts. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function readArguments(argv: readonly string[]): {
  file: string | undefined;
  values: { name: OptionName; value: string }[];
} {
  const values: { name: OptionName; value: string }[] = [];
  let file: string | undefined;
  let afterSecret: string | undefined;
  for (const argument of splitArguments(argv)) {
    switch (argument.type) {
      case 'option':
        if (argument.value === undefined) {
          const { kind } = optionOf(argument.name);
          throw new ConfigError(`No value for ${argument.name} (command line): expected ${kind.expected}`);
        }
        values.push({ name: argument.name, value: argument.value });
        // Text behind a secret is most likely the rest of it, cut off by a space.
        afterSecret = optionOf(argument.name).secret ? `behind ${argument.name}` : undefined;
        break;
      case 'switch':
        if (argument.name === 'config') {
          if (argument.value === undefined || argument.value === '') {
            throw new ConfigError('No value for config (command line): expected a file name, JSON or YAML');
          }
          file = argument.value;
        }
        break;
      case 'unknown':
        throw unknownOption(argument.given, 'command line');
      case 'word':
        throw new ConfigError(
          `Unexpected argument ${afterSecret ?? quoted(argument.given)} (command line): expected -name=value or -name value, ` +
            'and -name=false to switch something off',
        );
    }
  }
  return { file, values };
}

const CONFIG_VARIABLE = `${ENV_PREFIX}CONFIG`;

/** Variables with our prefix that are no options: the file name, and what tests are told (see scripts/test.mjs). */
const NOT_OPTIONS: ReadonlySet<string> = new Set([CONFIG_VARIABLE, `${ENV_PREFIX}REQUIRE_INTEROP`, `${ENV_PREFIX}CLI`]);

/**
 * Kubernetes and Docker links put SIPCOL_SERVICE_HOST, SIPCOL_PORT_9060_UDP=udp://… and the like into the environment
 * of every container beside a service named "sipcol"; a service "sipcol-http" even makes SIPCOL_HTTP_PORT=tcp://….
 */
function isServiceLink(variable: string, value: string): boolean {
  return /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/.test(variable) || /^(tcp|udp|sctp):\/\//.test(value);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function readText(readFile: ConfigInput['readFile'], path: string, option: string): string {
  try {
    return readFile(path);
  } catch (cause) {
    throw new ConfigError(`Cannot read ${option} ${quoted(path)}: ${reasonOf(cause)}`, { cause });
  }
}

/** The system's word for what went wrong; messages of parsers may quote a file, and with it a secret. */
function reasonOf(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unreadable';
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'is a directory';
    default:
      return code;
  }
}

/** Reads a file's keys and raw values: JSON by its ending, YAML otherwise. An empty file sets nothing. */
function parseDocument(path: string, text: string): Record<string, unknown> {
  const isJson = path.toLowerCase().endsWith('.json');
  let document: unknown;
  try {
    document = isJson ? JSON.parse(text) : parseYaml(text, { prettyErrors: false, logLevel: 'error' });
  } catch (cause) {
    const at = placeOf(cause, text);
    throw new ConfigError(`Cannot read config ${quoted(path)}: not valid ${isJson ? 'JSON' : 'YAML'}${at}`);
  }
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ConfigError(`Cannot read config ${quoted(path)}: expected an object of option names and values`);
  }
  return document as Record<string, unknown>; // an object that is no array
}

/** ` at line N` when the parser says where. Its message is left out: it may quote the file. */
function placeOf(cause: unknown, text: string): string {
  if (!(cause instanceof Error)) return '';
  const position =
    'pos' in cause && Array.isArray(cause.pos) ? cause.pos[0] : /position (\d+)/.exec(cause.message)?.[1];
  return position === undefined ? '' : ` at line ${text.slice(0, Number(position)).split('\n').length}`;
}

/** A file's value in the form in which the other sources write it. */
function writtenInFile(name: OptionName, raw: unknown, path: string): Written {
  const { kind, secret } = optionOf(name);
  const written = toWritten(raw, kind.list === true, kind.pairs === true, secret);
  if (written !== undefined) return written;
  const given = secret ? '' : ` ${quoted(JSON.stringify(raw) ?? String(raw))}`;
  const hint = secret ? ', in quotes' : '';
  throw new ConfigError(`Cannot use ${name}${given} (file ${path}): expected ${kind.expected}${hint}`);
}

function toWritten(raw: unknown, list: boolean, pairs: boolean, textOnly: boolean): Written | undefined {
  if (list && Array.isArray(raw)) {
    const elements = raw.map((element) => scalar(element, textOnly));
    return elements.includes(undefined) ? undefined : elements.filter((element) => element !== undefined);
  }
  if (pairs && typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
    return toWritten(
      Object.entries(raw).map(([key, value]) =>
        scalar(value, textOnly) === undefined ? undefined : `${key}:${value}`,
      ),
      true,
      false,
      textOnly,
    );
  }
  return scalar(raw, textOnly);
}

/** Secrets must be text: a YAML reader makes 123 of 0123, and nobody would see the difference. */
function scalar(raw: unknown, textOnly: boolean): string | undefined {
  if (typeof raw === 'string') return raw;
  if (textOnly) return undefined;
  return typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : undefined;
}

function readAliases({ aliases, aliases_file: path }: Config, readFile: ConfigInput['readFile']): readonly Alias[] {
  const more = path === '' ? [] : aliasesInFile(path, readText(readFile, path, 'aliases_file'));
  const all = [...aliases, ...more];
  if (all.length > MAX_ALIASES) {
    throw new ConfigError(
      `Cannot use aliases: there are ${all.length} with those of aliases_file, at most ${MAX_ALIASES}`,
    );
  }
  return all;
}

function aliasesInFile(path: string, text: string): Alias[] {
  const aliases = parseAliasLines(text);
  if (aliases instanceof AliasTextFault) {
    throw new ConfigError(`Cannot use aliases_file ${quoted(path)}: ${aliases.message}`);
  }
  return aliases;
}

/** What single values cannot show: options that need or exclude each other. */
function checkTogether(config: Config): void {
  checkAccess(config);
  if (config.hep_tls_port !== 0) {
    for (const name of ['hep_tls_cert', 'hep_tls_key'] as const) {
      if (config[name] === '') {
        throw new ConfigError(
          `Cannot use hep_tls_port "${config.hep_tls_port}": set ${name} to the name of a PEM file`,
        );
      }
    }
  }
  for (const protocol of ['ipfix', 'http'] as const) {
    const [cert, key, ca] = tlsOptions(protocol);
    if ((config[cert] === '') !== (config[key] === '')) {
      const [given, missing] = config[cert] === '' ? [key, cert] : [cert, key];
      throw new ConfigError(`Cannot use ${given} alone: set ${missing} to the name of a PEM file`);
    }
    if (config[ca] !== '' && config[cert] === '') {
      throw new ConfigError(`Cannot use ${ca} alone: set ${cert} and ${key}, nothing speaks TLS now`);
    }
  }
  if (config.iface !== '' && config.pcap.length > 0) {
    throw new ConfigError(
      `Cannot use iface ${quoted(config.iface)} with pcap: files and an interface have different times`,
    );
  }
  if (config.bpf !== '' && config.iface === '' && config.pcap.length === 0) {
    throw new ConfigError(`Cannot use bpf ${quoted(config.bpf)} alone: set iface or pcap`);
  }
  if (config.pcap_dump_on && config.pcap_dump_dir === '') {
    throw new ConfigError('Cannot use pcap_dump_on alone: set pcap_dump_dir to the name of a directory');
  }
  if (config.hep_auth_key.length === 0) {
    // The default, all listeners, means nothing without keys; a choice means that somebody expects them to be checked.
    const isChosen = config.hep_auth_listeners.length < OPTIONS.hep_auth_listeners.value.length;
    const name = isChosen ? 'hep_auth_listeners' : config.hep_auth_exempt.length > 0 ? 'hep_auth_exempt' : undefined;
    if (name !== undefined) throw new ConfigError(`Cannot use ${name} alone: set hep_auth_key, no key is required now`);
  }
}

/** Who may see the pages must have been said before anybody but this host can. */
function checkAccess(config: Config): void {
  const { http_addr: addr, http_users: users, http_proxy_user_header: header } = config;
  const isOpen = config.http_port !== 0 && addr !== 'localhost' && !isLoopback(addr);
  const isGuarded = users.length > 0 || config.http_tokens.length > 0 || header !== '';
  if (isOpen && !isGuarded && !config.http_allow_anonymous) {
    throw new ConfigError(
      `Cannot use http_addr ${quoted(addr)}: other addresses than loopback need http_users, http_tokens=TOKEN:admin ` +
        'or http_allow_anonymous=true',
    );
  }
  if (header !== '' && config.http_trusted_proxies.length === 0) {
    throw new ConfigError(
      `Cannot use http_proxy_user_header ${quoted(header)}: set http_trusted_proxies, anybody could send that header`,
    );
  }
  for (const [index, { name, password }] of users.entries()) {
    if (users.findIndex((user) => user.name === name) < index) {
      throw new ConfigError(`Cannot use http_users: ${quoted(name)} is there twice`);
    }
    if (password === undefined && header === '') {
      throw new ConfigError(
        `Cannot use http_users: ${quoted(name)} has no password and no proxy can vouch; "sipcol hash-password" makes one`,
      );
    }
  }
}

/** Reads certificate, key and authorities now, so that a wrong file stops the start and not the first client. */
function checkTls(config: Config, readFile: ConfigInput['readFile']): void {
  if (config.hep_tls_port !== 0) checkTlsFiles(config, readFile, 'hep');
  if (config.ipfix_port !== 0 && config.ipfix_tls_cert !== '') checkTlsFiles(config, readFile, 'ipfix');
  if (config.http_port !== 0 && config.http_tls_cert !== '') checkTlsFiles(config, readFile, 'http');
}

function tlsOptions<Protocol extends 'hep' | 'ipfix' | 'http'>(protocol: Protocol) {
  return [`${protocol}_tls_cert`, `${protocol}_tls_key`, `${protocol}_tls_ca`] as const;
}

function checkTlsFiles(config: Config, readFile: ConfigInput['readFile'], protocol: 'hep' | 'ipfix' | 'http'): void {
  const [certName, keyName, caName] = tlsOptions(protocol);
  const cert = readText(readFile, config[certName], certName);
  const key = readText(readFile, config[keyName], keyName);
  tryTls(certName, config[certName], 'a certificate in PEM', () => new X509Certificate(cert));
  tryTls(keyName, config[keyName], `the private key of ${certName} in PEM, without passphrase`, () =>
    createSecureContext({ cert, key }),
  );
  if (config[caName] !== '') {
    const ca = readText(readFile, config[caName], caName);
    tryTls(caName, config[caName], 'certificates in PEM', () => new X509Certificate(ca));
  }
}

function tryTls(name: OptionName, path: string, expected: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw new ConfigError(`Cannot use ${name} ${quoted(path)}: expected ${expected}`, { cause });
  }
}
