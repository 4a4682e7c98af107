import { type Aliases, NO_ALIASES } from '../alias.ts';
import { CALL_STATES, callStateByName } from '../call-state.ts';
import { eventByName, SELECTABLE_EVENTS } from '../event-type.ts';
import { METHOD_NAMES } from '../method.ts';
import type { Condition, Search, SearchOperator, SearchValue } from './ast.ts';
import { fieldInfo, SEARCH_FIELD_NAMES, searchField, type SearchField, type SearchSubject } from './fields.ts';
import {
  readAround,
  readCount,
  readDuration,
  readFigure,
  readMoment,
  readPhone,
  readPlace,
  readStatus,
} from './values.ts';
import { UTC, type Zone } from '../zone.ts';

/**
 * Reads the search language:
 *
 *   search    = and *( OR and )
 *   and       = not *( [AND] not )
 *   not       = *( NOT / "!" ) ( "(" search ")" / condition / word )
 *   condition = field op ["!"] value *( "," value )
 *   value     = low ".." high / pattern with "*" / "/" RE2 "/" / word / quoted
 *
 * A word without a field is guessed: number, address, URI, method, status, state, event type, else text.
 */
export class SearchFault {
  /** Character of the text it is about, from 0. */
  readonly at: number;
  readonly message: string;

  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}

export const MAX_SEARCH_LENGTH = 2000;
const MAX_DEPTH = 32;
const MAX_VALUES = 64;
/** Expressions cost most to evaluate. */
const MAX_REGEXPS = 8;
const MAX_REGEXP_LENGTH = 256;

/** Who can end a call. */
export const ENDED_BY = ['caller', 'callee', 'timeout'] as const;

/**
 * @param zone in which times are meant that say none
 * @param aliases names that may stand for addresses
 * @returns the search, or what is wrong with its text
 */
export function parseSearch(
  text: string,
  subject: SearchSubject,
  zone: Zone = UTC,
  aliases = NO_ALIASES,
): Search | SearchFault {
  if (text.length > MAX_SEARCH_LENGTH) {
    return new SearchFault(MAX_SEARCH_LENGTH, `${text.length} characters, at most ${MAX_SEARCH_LENGTH} are allowed`);
  }
  return new Parser(text, subject, zone, aliases).all();
}

const BLANK = /\s*/y;
const KEYWORD = /(AND|OR|NOT|&&|\|\|)(?=[\s()!"]|$)/iy;
/** A name, for a header field with its own behind a dot. */
const FIELD = /(?:(header)\.([\w.%+`'~-]+)|([A-Za-z]+))(!=|>=|<=|[:=<>])/iy;
const BARE_WORD = /[^\s()"]+/y;
const BARE_VALUE = /[^\s(),"]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const REGEXP = /\/((?:[^/\\]|\\.)*)\//sy;
/** Schemes of URIs in SIP messages: what stands before their colon is no field. */
const SCHEME = /(?:sips?|tel|urn):/iy;

class Parser {
  readonly #text: string;
  readonly #subject: SearchSubject;
  readonly #aliases: Aliases;
  readonly #zone: Zone;
  #at = 0;
  #values = 0;
  #regexps = 0;

  constructor(text: string, subject: SearchSubject, zone: Zone, aliases: Aliases) {
    this.#text = text;
    this.#subject = subject;
    this.#zone = zone;
    this.#aliases = aliases;
  }

  all(): Search | SearchFault {
    const search = this.#or(0);
    if (search instanceof SearchFault) return search;
    this.#take(BLANK);
    return this.#at < this.#text.length ? this.#fault(`")" closes nothing; before it, "(" is missing`) : search;
  }

  #or(depth: number): Search | SearchFault {
    return this.#chain('or', () => this.#and(depth));
  }

  #and(depth: number): Search | SearchFault {
    return this.#chain('and', () => this.#not(depth));
  }

  #chain(kind: 'and' | 'or', next: () => Search | SearchFault): Search | SearchFault {
    const parts: Search[] = [];
    do {
      const part = next();
      if (part instanceof SearchFault) return part;
      parts.push(part);
    } while (this.#continues(kind));
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : { kind, parts };
  }

  /** Takes the word between two parts; between parts that must all hold none is needed. */
  #continues(kind: 'and' | 'or'): boolean {
    this.#take(BLANK);
    const start = this.#at;
    const word = this.#keyword();
    if (word === kind) return true;
    this.#at = start;
    const ends = start >= this.#text.length || this.#text[start] === ')';
    return kind === 'and' && !ends && word !== 'or';
  }

  #keyword(): 'and' | 'or' | 'not' | undefined {
    const word = this.#take(KEYWORD)?.[1]?.toLowerCase();
    switch (word) {
      case '&&':
      case 'and':
        return 'and';
      case '||':
      case 'or':
        return 'or';
      case 'not':
        return 'not';
      default:
        return undefined;
    }
  }

  #not(depth: number): Search | SearchFault {
    if (depth > MAX_DEPTH) return this.#fault(`more than ${MAX_DEPTH} levels deep`);
    this.#take(BLANK);
    const start = this.#at;
    const word = this.#keyword();
    if (word === 'and' || word === 'or') {
      this.#at = start;
      return this.#fault(
        `a condition is missing before "${this.#text.slice(start, start + word.length)}"; as text it needs quotes`,
      );
    }
    if (word === 'not' || this.#text[this.#at] === '!') {
      if (word === undefined) this.#at++;
      const part = this.#not(depth + 1);
      return part instanceof SearchFault ? part : { kind: 'not', part };
    }
    return this.#primary(depth);
  }

  #primary(depth: number): Search | SearchFault {
    const open = this.#at;
    const next = this.#text[open];
    if (next === undefined)
      return this.#fault(open === 0 ? 'nothing to search for' : 'a condition is missing at the end');
    if (next === ')') return this.#fault('a condition is missing before ")"');
    if (next !== '(') return this.#condition();
    this.#at++;
    const search = this.#or(depth + 1);
    if (search instanceof SearchFault) return search;
    this.#take(BLANK);
    if (this.#text[this.#at] !== ')') return this.#fault('this "(" is never closed', open);
    this.#at++;
    return search;
  }

  #condition(): Search | SearchFault {
    const at = this.#at;
    if (this.#text[at] === '"') {
      const value = this.#quoted();
      return value instanceof SearchFault ? value : this.#checked('any', ':', [value], at);
    }
    const word = this.#peek(BARE_WORD);
    if (readPlace(word) === undefined && this.#peek(SCHEME) === '') {
      const named = this.#take(FIELD);
      if (named !== null) return this.#named(named[1] ?? named[3] ?? '', named[2], named[4] ?? '', at);
    }
    this.#at += word.length;
    const { field, text } = guess(word, this.#subject);
    // What could not stand behind a field without quotes is text as it is.
    const isText = text.startsWith('/') || text.includes(',');
    return this.#checked(field, ':', [isText ? { form: 'word', text, at } : bareValue(text, at)], at);
  }

  #named(name: string, header: string | undefined, operator: string, at: number): Search | SearchFault {
    const field = searchField(name);
    if (field === undefined) {
      return this.#fault(
        `there is no field "${name}"; as text it needs quotes. Fields: ${this.#fields().join(', ')}`,
        at,
      );
    }
    const { subjects } = fieldInfo(field);
    if (!subjects.includes(this.#subject))
      return this.#fault(`"${field}" is a field of ${subjects.join(' and ')} only`, at);
    const negatedBefore = operator === '!=';
    // The pattern that was matched admits no other operators.
    const op = (negatedBefore ? '=' : operator) as SearchOperator;
    const negated = this.#text[this.#at] === '!';
    if (negated) this.#at++;
    const values: SearchValue[] = [];
    do {
      const value = this.#value(field, op);
      if (value instanceof SearchFault) return value;
      values.push(value);
    } while (this.#comma());
    const condition = this.#checked(field, op, values, at, header);
    if (condition instanceof SearchFault) return condition;
    return negated !== negatedBefore ? { kind: 'not', part: condition } : condition;
  }

  #comma(): boolean {
    if (this.#text[this.#at] !== ',') return false;
    this.#at++;
    return true;
  }

  #value(field: SearchField, op: SearchOperator): SearchValue | SearchFault {
    const at = this.#at;
    if (this.#text[at] === '"') return this.#quoted();
    if (this.#text[at] === '/') {
      const expression = this.#take(REGEXP)?.[1];
      if (expression === undefined) return this.#fault('this expression needs a "/" at its end', at);
      return {
        form: 'regexp',
        text: expression.replace(/\\(.)/gs, (pair, escaped) => (escaped === '/' ? '/' : pair)),
        at,
      };
    }
    const text = this.#take(BARE_VALUE)?.[0] ?? '';
    if (text === '') return this.#fault(`a value is missing after "${field}${op}"; an empty one is ""`, at);
    const dots = text.indexOf('..');
    return dots >= 0 && isOrdered(field)
      ? { form: 'range', low: text.slice(0, dots), high: text.slice(dots + 2), at }
      : bareValue(text, at);
  }

  #quoted(): SearchValue | SearchFault {
    const at = this.#at;
    const text = this.#take(QUOTED)?.[1];
    if (text === undefined) return this.#fault('this text needs a second quote', at);
    return { form: 'word', text: text.replace(/\\(.)/gs, '$1'), at };
  }

  #checked(
    field: SearchField,
    op: SearchOperator,
    given: SearchValue[],
    at: number,
    header?: string,
  ): Condition | SearchFault {
    const values = fieldInfo(field).kind === 'address' ? given.map((value) => this.#resolved(value)) : given;
    this.#values += values.length;
    if (this.#values > MAX_VALUES) return this.#fault(`more than ${MAX_VALUES} values`, at);
    for (const value of values) {
      const wrong = wrongValue(field, op, value);
      if (wrong !== undefined) return this.#fault(wrong, value.at);
      if (value.form === 'regexp' && ++this.#regexps > MAX_REGEXPS) {
        return this.#fault(`more than ${MAX_REGEXPS} regular expressions`, value.at);
      }
    }
    const isZoned = fieldInfo(field).kind === 'moment' && this.#zone !== UTC;
    return {
      kind: 'condition',
      field,
      ...(header === undefined ? {} : { header }),
      op,
      values,
      ...(isZoned ? { zone: this.#zone.name } : {}),
      at,
    };
  }

  /** A word in the place of an address may be the name of addresses. */
  #resolved(value: SearchValue): SearchValue {
    if (value.form !== 'word' || !this.#aliases.has(value.text)) return value;
    return { form: 'alias', text: value.text, aliases: this.#aliases.deciding(value.text), at: value.at };
  }

  #fields(): SearchField[] {
    return SEARCH_FIELD_NAMES.filter((name) => fieldInfo(name).subjects.includes(this.#subject));
  }

  #fault(message: string, at = this.#at): SearchFault {
    return new SearchFault(at, message);
  }

  #peek(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }
}

function bareValue(text: string, at: number): SearchValue {
  return { form: text.includes('*') ? 'pattern' : 'word', text, at };
}

function isOrdered(field: SearchField): boolean {
  return ['status', 'count', 'figure', 'duration', 'moment'].includes(fieldInfo(field).kind);
}

const NOTATION: Readonly<Record<string, { read: (text: string) => unknown; allowed: string }>> = {
  status: { read: readStatus, allowed: 'a status code such as 486 or a class such as 5xx' },
  count: { read: readCount, allowed: 'a whole number' },
  figure: { read: readFigure, allowed: 'a number such as 3 or 3.5' },
  duration: { read: readDuration, allowed: 'a duration with its unit, such as 4s, 250ms or 1m30s' },
  moment: {
    read: (text) => readMoment(text) ?? readAround(text),
    allowed: 'a time such as -15m, 14:03, 14:03~5m, 2026-11-21 or 2026-11-21T14:03:05Z',
  },
  address: {
    read: readPlace,
    allowed: 'an address, a network such as 192.0.2.0/24, either with its port, or an alias',
  },
  phone: { read: readPhone, allowed: 'a telephone number' },
};

/** Values of fields that know all of theirs. */
const WORDS: Partial<Record<SearchField, readonly string[]>> = {
  transport: ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss', 'dtls', 'unknown'],
  method: METHOD_NAMES.slice(1),
  state: CALL_STATES.slice(1).flatMap(({ name, text }) => (name === text ? [name] : [name, text])),
  type: SELECTABLE_EVENTS.map(({ name }) => name),
  ended: ENDED_BY,
  kind: ['request', 'reply'],
  repeat: ['new', 'other-hop', 'seen-again', 'retransmission'],
};

/** What is wrong with a value of a field; `undefined` = nothing. */
function wrongValue(field: SearchField, op: SearchOperator, value: SearchValue): string | undefined {
  const { kind } = fieldInfo(field);
  if (op !== ':' && op !== '=' && (!isOrdered(field) || value.form !== 'word')) {
    return isOrdered(field)
      ? `"${field}${op}" takes one value, no range and no pattern`
      : `"${field}" has no order: use "${field}:" or "${field}="`;
  }
  if (value.form === 'regexp' || value.form === 'pattern') {
    if (isOrdered(field)) return `"${field}" takes no pattern but a range, such as ${rangeExample(field)}`;
    if (value.text.length > MAX_REGEXP_LENGTH)
      return `a pattern of ${value.text.length} characters, at most ${MAX_REGEXP_LENGTH} are allowed`;
    return undefined;
  }
  if (value.form === 'alias') return undefined;
  const notation = NOTATION[kind];
  const texts = value.form === 'range' ? [value.low, value.high].filter((text) => text !== '') : [value.text];
  if (texts.length === 0) return `a range needs one end at least, such as ${rangeExample(field)}`;
  for (const text of texts) {
    if (notation !== undefined && notation.read(text) === undefined) {
      return `"${text}" cannot be a value of "${field}", which takes ${notation.allowed}`;
    }
    const words = WORDS[field];
    if (words !== undefined && !words.includes(field === 'method' ? text.toUpperCase() : text.toLowerCase())) {
      return `"${text}" is no value of "${field}", only: ${words.join(', ')}`;
    }
  }
  return undefined;
}

function rangeExample(field: SearchField): string {
  switch (fieldInfo(field).kind) {
    case 'status':
      return `${field}:500..504`;
    case 'duration':
      return `${field}:2s..10s`;
    case 'moment':
      return `${field}:14:00..14:05`;
    default:
      return `${field}:2..5`;
  }
}

const METHODS = new Set(METHOD_NAMES.slice(1, -1));

/** What somebody who types only this most likely means. */
function guess(word: string, subject: SearchSubject): { field: SearchField; text: string } {
  // Copied from a header: the brackets of a name-addr (RFC 3261 §20.10).
  const text = /^<[^<>]+>$/.test(word) ? word.slice(1, -1) : word;
  if (readPlace(text) !== undefined) return { field: 'ip', text };
  if (/^(?:[1-6]\d\d|[1-6]xx)$/i.test(text)) return { field: 'status', text };
  if (/^\+?[\d*.-]*\d[\d*.-]*$/.test(text) && text.replace(/[^\d]/g, '').length > 2) return { field: 'number', text };
  if (METHODS.has(text)) return { field: 'method', text };
  if (/^(?:sips?|tel):/i.test(text)) return { field: 'uri', text };
  // A message has neither.
  if (subject !== 'messages') {
    if (eventByName(text) !== undefined) return { field: 'type', text };
    if (callStateByName(text.toLowerCase()) !== undefined) return { field: 'state', text };
  }
  return { field: 'any', text };
}
