import { type Alias, formatAlias, parseAlias } from '../model/alias.ts';
import { callStateByName, type CallState, CALL_STATES } from '../model/call-state.ts';
import { parseCidr } from '../model/cidr.ts';
import { resolveGroups } from '../model/counter-groups.ts';
import { formatDuration, parseDurationMs } from '../model/duration.ts';
import { parseIp } from '../model/endpoint.ts';
import { MAX_RATE_INTERVAL_MS, MAX_RATE_LIMIT, RATES } from '../model/event-rates.ts';
import { eventByName, eventName } from '../model/event-type.ts';
import { LOG_LEVELS_EXPECTED, logLevelName, parseLogLevel } from '../model/log.ts';
import { formatPasswordHash, parsePasswordHash } from '../model/password.ts';
import { readMoment } from '../model/search/values.ts';
import { type Cidr, type HttpUser, type LinkOut, type Role, ROLES } from '../model/settings.ts';

/** A value as an operator wrote it: one text, or the elements of a list in a file, which are not split further. */
export type Written = string | readonly string[];

/** A value in the form in which it is shown and in which a file may hold it. */
export type Shown = string | number | boolean | readonly string[];

/** The value, or the part that cannot be used (`given`) and, where it depends on that part, what is allowed. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly given: string; readonly entry?: number; readonly expected?: string };

/** How the values of an option are written and read: one place for command line, environment and files. */
export interface Kind<T> {
  /** Completes "expected …". */
  readonly expected: string;
  /** Placeholder in the help text. */
  readonly placeholder: string;
  readonly unit: string;
  /** Takes arrays in files. */
  readonly list?: true;
  /** Takes objects in files, as entries `key:value`. */
  readonly pairs?: true;
  /** Needs no value on the command line. */
  readonly flag?: true;
  read(written: Written): Reading<T>;
  show(value: T): Shown;
}

function single<T>(
  shape: Pick<Kind<T>, 'expected' | 'placeholder' | 'unit' | 'flag'>,
  parse: (text: string) => T | undefined,
  show: (value: T) => Shown,
): Kind<T> {
  return {
    ...shape,
    read(written) {
      const text = typeof written === 'string' ? written : written.join(',');
      const value = parse(text);
      return value === undefined ? { ok: false, given: text } : { ok: true, value };
    },
    show,
  };
}

const LIST_SEPARATORS = /[,|\s[\]]+/;

/** A list of entries; text is split at commas, `|`, white space and brackets, empty entries are ignored. */
function list<T>(
  shape: Pick<Kind<T>, 'expected' | 'placeholder' | 'unit'>,
  parse: (text: string) => T | undefined,
  show: (value: T) => string,
): Kind<readonly T[]> {
  return {
    ...shape,
    list: true,
    read(written) {
      const entries = typeof written === 'string' ? written.split(LIST_SEPARATORS) : written;
      const values: T[] = [];
      let position = 0;
      for (const entry of entries) {
        if (entry === '') continue;
        position++;
        const value = parse(entry);
        if (value === undefined) return { ok: false, given: entry, entry: position };
        values.push(value);
      }
      return { ok: true, value: values };
    },
    show: (values) => values.map(show),
  };
}

/** A whole number in decimal digits, or NaN: neither signs nor exponents nor trailing letters. */
function digits(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

export function count(min: number, max: number, unit: string, zero = ''): Kind<number> {
  const within = `a whole number from ${min} to ${max}`;
  return single(
    { expected: zero === '' ? within : `${within} (0 = ${zero})`, placeholder: 'N', unit },
    (text) => {
      const value = digits(text);
      return value >= min && value <= max ? value : undefined;
    },
    (value) => value,
  );
}

/** Whole seconds as the reference program takes them: a bare number, where negative ones mean something too. */
export function bareSeconds(max: number): Kind<number> {
  return single(
    { expected: `a whole number of seconds up to ${max}, or a negative one`, placeholder: 'N', unit: 'seconds' },
    (text) => {
      const value = text.startsWith('-') ? -digits(text.slice(1)) : digits(text);
      return value <= max ? value : undefined;
    },
    (value) => value,
  );
}

const MAX_PORT = 65_535;

/** A listening port; `auto` takes any free one. */
export const PORT: Kind<number | 'auto'> = single(
  { expected: `a port from 1 to ${MAX_PORT}, 0 (off) or auto (any free port)`, placeholder: 'PORT', unit: 'port' },
  (text) => {
    if (text.toLowerCase() === 'auto') return 'auto';
    const value = digits(text);
    return value <= MAX_PORT ? value : undefined;
  },
  (value) => value,
);

/** So many of something, or as many as suit the machine. */
export function countOrAuto(min: number, max: number, unit: string): Kind<number | 'auto'> {
  const number = count(min, max, unit);
  return single(
    { expected: `${number.expected}, or auto`, placeholder: 'N', unit },
    (text) => {
      if (text.toLowerCase() === 'auto') return 'auto';
      const value = number.read(text);
      return value.ok ? value.value : undefined;
    },
    (value) => value,
  );
}

const SIZE_UNITS = new Map([
  ['', 1],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
]);

/** Octets; `k`, `M`, `G` are powers of 1024, with or without `iB`. */
export function size(min: string, max: string): Kind<number> {
  const low = parseSize(min) ?? 0;
  const high = parseSize(max) ?? Number.MAX_SAFE_INTEGER;
  return single(
    { expected: `a size from ${min} to ${max}, such as 65536, 512k or 8MiB`, placeholder: 'SIZE', unit: 'octets' },
    (text) => {
      const octets = parseSize(text);
      return octets !== undefined && octets >= low && octets <= high ? octets : undefined;
    },
    (value) => showSize(value),
  );
}

function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15})(?:([kKmMgG])(?:iB)?)?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (SIZE_UNITS.get((match[2] ?? '').toLowerCase()) ?? 1);
}

function showSize(octets: number): Shown {
  for (const [factor, name] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const) {
    if (octets >= factor && octets % factor === 0) return `${octets / factor}${name}`;
  }
  return octets;
}

/** Milliseconds inside, Go's notation outside. */
export function duration(min: string, max: string, zero = ''): Kind<number> {
  const low = parseDurationMs(min) ?? 0;
  const high = parseDurationMs(max) ?? Infinity;
  const within = `a duration with unit from ${min} to ${max}, such as 250ms, 30s or 1h2m3.5s`;
  return single(
    { expected: zero === '' ? within : `${within} (0 = ${zero})`, placeholder: 'DURATION', unit: 'duration' },
    (text) => {
      const ms = parseDurationMs(text);
      return ms !== undefined && ms >= low && ms <= high ? ms : undefined;
    },
    formatDuration,
  );
}

/** Up to three entries, one per rate; those left out are 0, which is off. */
function perRate(
  shape: Pick<Kind<number>, 'expected' | 'unit'>,
  max: number,
  read: (text: string) => number | undefined,
  show: (value: number) => string,
): Kind<readonly number[]> {
  return {
    ...shape,
    placeholder: 'LIST',
    list: true,
    read(written) {
      const entries = (typeof written === 'string' ? written.split(LIST_SEPARATORS) : written).filter(
        (text) => text !== '',
      );
      const values: number[] = [];
      for (const [position, text] of entries.entries()) {
        const value = read(text);
        if (value === undefined || !(value >= 0 && value <= max) || position >= RATES) {
          return { ok: false, given: text, entry: position + 1 };
        }
        values.push(value);
      }
      while (values.length > 0 && values.length < RATES) values.push(0);
      return { ok: true, value: values };
    },
    show: (values) => values.map(show),
  };
}

export const RATE_INTERVALS: Kind<readonly number[]> = perRate(
  {
    expected: `a list of at most ${RATES} durations from 0 (off) to ${formatDuration(MAX_RATE_INTERVAL_MS)}`,
    unit: 'durations',
  },
  MAX_RATE_INTERVAL_MS,
  parseDurationMs,
  formatDuration,
);

export const RATE_LIMITS: Kind<readonly number[]> = perRate(
  {
    expected: `a list of at most ${RATES} numbers from 0 (no limit) to ${MAX_RATE_LIMIT}`,
    unit: 'events per interval',
  },
  MAX_RATE_LIMIT,
  (text) => (/^\d{1,10}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
  String,
);

/** Go's words for truth, in any case. */
const TRUTH = new Map([
  ['true', true],
  ['t', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['0', false],
]);

export const FLAG: Kind<boolean> = single(
  { expected: 'true or false', placeholder: '', unit: '', flag: true },
  (text) => TRUTH.get(text.toLowerCase()),
  (value) => value,
);

/** An address to listen on; brackets around IPv6 are taken off. */
export const ADDRESS: Kind<string> = single(
  { expected: 'an IPv4 or IPv6 address (:: for both) or localhost', placeholder: 'ADDRESS', unit: '' },
  (text) => {
    const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
    return bare === 'localhost' || parseIp(bare) !== undefined ? bare : undefined;
  },
  (value) => value,
);

export const FILE: Kind<string> = single(
  { expected: 'a file name', placeholder: 'FILE', unit: '' },
  (text) => (text.includes('\0') ? undefined : text),
  (value) => value,
);

export function choice<T extends string>(names: readonly T[]): Kind<T> {
  return single(
    { expected: oneOf(names), placeholder: names.join('|'), unit: '' },
    (text) => names.find((name) => name === text.toLowerCase()),
    (value) => value,
  );
}

export function choices<T extends string>(names: readonly T[]): Kind<readonly T[]> {
  return list(
    { expected: `a list of ${names.join(', ')}`, placeholder: 'LIST', unit: '' },
    (text) => names.find((name) => name === text.toLowerCase()),
    (value) => value,
  );
}

function oneOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

export const LEVEL: Kind<number> = single(
  { expected: LOG_LEVELS_EXPECTED, placeholder: 'LEVEL', unit: '' },
  parseLogLevel,
  (value) => logLevelName(value),
);

export const NETWORKS: Kind<readonly Cidr[]> = list(
  { expected: 'a list of addresses or networks such as 192.0.2.0/24', placeholder: 'LIST', unit: '' },
  parseCidr,
  (cidr) => cidr.text,
);

/** What a hidden value looks like when shown; refused as a value, so that shown settings cannot be fed back. */
export const HIDDEN = '***';

export const KEYS: Kind<readonly string[]> = list(
  { expected: `a list of keys, none of them ${HIDDEN}`, placeholder: 'LIST', unit: '' },
  (text) => (text === HIDDEN ? undefined : text),
  (value) => value,
);

export interface AccessToken {
  readonly token: string;
  readonly role: Role;
  /** From then on it is no longer one. */
  readonly untilUs?: number;
}

/** `token:role`, or `token:role:2027-01-31` where it ends with that day, UTC. The token is what a client sends as bearer token (RFC 6750 §2.1), so it is limited to those characters. */
export const TOKENS: Kind<readonly AccessToken[]> = list(
  {
    expected: `a list of token:role or token:role:last day (2027-01-31) with role ${oneOf(ROLES)} and tokens of letters, digits and -._~+/=`,
    placeholder: 'LIST',
    unit: '',
  },
  (text) => {
    const [, token = '', roleName = '', lastDay] =
      /^([A-Za-z0-9\-._~+/]+=*):([a-z]+)(?::(\d{4}-\d\d-\d\d))?$/.exec(text) ?? [];
    const role = ROLES.find((name) => name === roleName);
    if (role === undefined) return undefined;
    if (lastDay === undefined) return { token, role };
    const day = readMoment(lastDay);
    return day === undefined ? undefined : { token, role, untilUs: day.us + day.spanUs };
  },
  ({ token, role, untilUs }) =>
    untilUs === undefined
      ? `${token}:${role}`
      : `${token}:${role}:${new Date(untilUs / 1000 - 1).toISOString().slice(0, 10)}`,
);

/** `name:role:hash`, or `name:role` for somebody a proxy vouches for. */
export const USERS: Kind<readonly HttpUser[]> = list(
  {
    expected: `a list of name:role:hash with role ${oneOf(ROLES)} and the hash that "sipcol hash-password" prints`,
    placeholder: 'LIST',
    unit: '',
  },
  (text) => {
    const [, name = '', roleName = '', hash] = /^([\w.@+-]{1,64}):([a-z]+)(?::(.+))?$/.exec(text) ?? [];
    const role = ROLES.find((known) => known === roleName);
    const password = hash === undefined ? undefined : parsePasswordHash(hash);
    if (role === undefined || (hash !== undefined && password === undefined)) return undefined;
    return { name, role, password };
  },
  ({ name, role, password }) => [name, role, ...(password ? [formatPasswordHash(password)] : [])].join(':'),
);

/** `name=URL`, where the URL may hold {callid}, {from}, {to}, {time}, {time_ms} and {end_ms}. */
export const LINKS_OUT: Kind<readonly LinkOut[]> = list(
  {
    expected: 'a list of name=https://… where {callid}, {from}, {to}, {time}, {time_ms} and {end_ms} are filled in',
    placeholder: 'LIST',
    unit: '',
  },
  (text) => {
    const [, name = '', url = ''] = /^([^=\p{C}]{1,60})=(https?:\/\/[^\s\p{C}]+)$/u.exec(text) ?? [];
    const filled = url.replace(/\{(?:callid|from|to|time|time_ms|end_ms)\}/g, 'x');
    return /[{}]/.test(filled) || !URL.canParse(filled) ? undefined : { name, url };
  },
  ({ name, url }) => `${name}=${url}`,
);

/** `192.0.2.1:5060=name` or `192.0.2.0/24=name;group`; only an element of a list in a file may hold spaces or `[`. */
export const ALIASES: Kind<readonly Alias[]> = list(
  {
    expected: 'a list of address=name or address=name;group, where address may be a network and have a port behind it',
    placeholder: 'LIST',
    unit: '',
  },
  parseAlias,
  formatAlias,
);

/** Names of files, separated by white space; an array in a file may hold names with spaces. `-` is standard input. */
export const FILES: Kind<readonly string[]> = {
  expected: 'a list of file names separated by spaces, - for standard input',
  placeholder: 'FILES',
  unit: '',
  list: true,
  read(written) {
    const names = (typeof written === 'string' ? written.split(/\s+/) : written).filter((name) => name !== '');
    const at = names.findIndex((name) => name.includes('\0'));
    return at < 0 ? { ok: true, value: names } : { ok: false, given: names[at] ?? '', entry: at + 1 };
  },
  show: (value) => value,
};

export const PORTS: Kind<readonly number[]> = list(
  { expected: `a list of ports from 1 to ${MAX_PORT}`, placeholder: 'LIST', unit: 'ports' },
  (text) => {
    const value = digits(text);
    return value >= 1 && value <= MAX_PORT ? value : undefined;
  },
  String,
);

/** A decimal number such as 0.5; no sign, no exponent. */
export function scale(max: number, zero: string): Kind<number> {
  return single(
    { expected: `a number from 0 to ${max} such as 0.5 (0 = ${zero})`, placeholder: 'NUMBER', unit: 'times' },
    (text) => (/^\d{1,9}(\.\d{1,9})?$/.test(text) && Number(text) <= max ? Number(text) : undefined),
    (value) => value,
  );
}

export const TEXT: Kind<string> = single(
  { expected: 'a text', placeholder: 'TEXT', unit: '' },
  (text) => (text.includes('\0') ? undefined : text),
  (value) => value,
);

/** What may stand in a file name without being escaped. */
export const NAME_PART: Kind<string> = single(
  { expected: 'at most 64 letters, digits or any of - _ . ~ $ & + = : @', placeholder: 'TEXT', unit: '' },
  (text) => (/^[\w\-.~$&+=:@]{0,64}$/.test(text) ? text : undefined),
  (value) => value,
);

export const EXTENSION: Kind<string> = single(
  { expected: 'a file name extension of 1 to 16 letters and digits', placeholder: 'TEXT', unit: '' },
  (text) => (/^[A-Za-z0-9]{1,16}$/.test(text) ? text : undefined),
  (value) => value,
);

/** Name of a network interface, as the kernel allows it and no option begins. */
export const INTERFACE: Kind<string> = single(
  { expected: 'the name of an interface', placeholder: 'NAME', unit: '' },
  (text) => (/^([^\s/\0-][^\s/\0]{0,63})?$/.test(text) ? text : undefined),
  (value) => value,
);

/** Header field names: tokens of RFC 3261 §25.1. */
/** Tokens of RFC 3261 §25.1, which HTTP takes as well. */
const HEADER_NAME_TEXT = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

export const HEADER_NAMES: Kind<readonly string[]> = list(
  { expected: 'a list of header names', placeholder: 'LIST', unit: '' },
  (text) => (HEADER_NAME_TEXT.test(text) ? text : undefined),
  (value) => value,
);

export const HEADER_NAME: Kind<string> = single(
  { expected: 'a header name', placeholder: 'NAME', unit: '' },
  (text) => (text === '' || HEADER_NAME_TEXT.test(text) ? text : undefined),
  (value) => value,
);

export const EVENT_TYPES: Kind<readonly string[]> = list(
  { expected: 'a list of event types such as call-start, other-ok', placeholder: 'LIST', unit: '' },
  (text) => {
    const type = eventByName(text);
    return type === undefined ? undefined : eventName(type);
  },
  (value) => value,
);

export const GROUPS: Kind<readonly string[]> = list(
  {
    expected: 'a list of counter groups such as ingest, calls, pkt_stats, or all or none',
    placeholder: 'LIST',
    unit: '',
  },
  (text) => ('error' in resolveGroups([text]) ? undefined : text),
  (value) => value,
);

/** One entry of `calls_timeouts`: a state's short or long name (which may hold spaces), colon, duration. */
const STATE_TIMEOUT = /\s*([^:,|[\]{}]*?)\s*:\s*([^\s,|[\]{}]+)|[^\s,|[\]{}]+/g;

/** Seconds by state; a value of zero or less means the default and leaves the state out. */
export const STATE_TIMEOUTS: Kind<ReadonlyMap<CallState, number>> = {
  expected: 'a list of state:duration such as inv_established:2h',
  placeholder: 'LIST',
  unit: 'durations by state',
  list: true,
  pairs: true,
  read(written) {
    const text = typeof written === 'string' ? written : written.join(',');
    const seconds = new Map<CallState, number>();
    let entry = 0;
    for (const [found, name, amount] of text.matchAll(STATE_TIMEOUT)) {
      entry++;
      const given = found.trim();
      const state = callStateByName(name ?? '');
      const ms = parseDurationMs(amount ?? '');
      if (state === undefined || ms === undefined) return { ok: false, given, entry };
      const value = ms / 1000;
      if (value <= 0) seconds.delete(state.state);
      else if (value >= state.minSeconds && value <= state.maxSeconds) seconds.set(state.state, value);
      else {
        const range = `${state.name} from ${state.minSeconds}s to ${formatDuration(state.maxSeconds * 1000)}`;
        return { ok: false, given, entry, expected: `${range}, or 0 for the default` };
      }
    }
    return { ok: true, value: seconds };
  },
  show: (seconds) =>
    // Every number in the map is a state, because `read` put it there.
    [...seconds].map(([state, value]) => `${CALL_STATES[state]?.name ?? state}:${formatDuration(value * 1000)}`),
};
