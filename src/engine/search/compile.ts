import { RE2JS } from 're2js';
import { Aliases, isCalled } from '../../model/alias.ts';
import { cidrContains } from '../../model/cidr.ts';
import { EngineRequestError } from '../../model/engine.ts';
import type { Condition, Search, SearchOperator, SearchValue } from '../../model/search/ast.ts';
import { fieldInfo, type SearchField } from '../../model/search/fields.ts';
import {
  instantUs,
  type Interval,
  momentInterval,
  readAround,
  readCount,
  readDuration,
  readFigure,
  readMoment,
  readPhone,
  readPlace,
  readStatus,
  samePhone,
} from '../../model/search/values.ts';
import { UTC, type Zone, zoneNamed } from '../../model/zone.ts';
import { uriForms, uriUser } from './uri.ts';

/** An address the entry was seen at. */
export interface SeenPlace {
  readonly words: readonly [number, number, number, number];
  readonly port: number;
  readonly ip: string;
}

/** How the fields of one kind of entry are read. An entry without a value answers an empty list and meets nothing. */
export interface SearchReader<Entry> {
  /** Fields of kind `text`, `uri` (whole URIs), `phone` (URIs) and `word`. */
  texts: (entry: Entry, field: SearchField) => readonly string[];
  /** Fields of kind `status`, `count`, `figure`, `duration` (ms) and `moment` (µs). */
  numbers: (entry: Entry, field: SearchField) => readonly number[];
  places: (entry: Entry, field: SearchField) => readonly SeenPlace[];
  /** Values of the header fields of a name. */
  headers?: (entry: Entry, name: string) => readonly string[];
}

type Test<Entry> = (entry: Entry) => boolean;

/**
 * Makes the test a search stands for. Its time is linear in the entry's text, whatever the search.
 *
 * @param nowUs what relative times count from
 * @throws EngineRequestError when an expression is malformed
 */
export function compileSearch<Entry>(search: Search, reader: SearchReader<Entry>, nowUs: number): Test<Entry> {
  switch (search.kind) {
    case 'and': {
      const tests = search.parts.map((part) => compileSearch(part, reader, nowUs));
      return (entry) => tests.every((test) => test(entry));
    }
    case 'or': {
      const tests = search.parts.map((part) => compileSearch(part, reader, nowUs));
      return (entry) => tests.some((test) => test(entry));
    }
    case 'not': {
      const test = compileSearch(search.part, reader, nowUs);
      return (entry) => !test(entry);
    }
    case 'condition':
      return conditionTest(search, reader, nowUs);
  }
}

function conditionTest<Entry>(condition: Condition, reader: SearchReader<Entry>, nowUs: number): Test<Entry> {
  const { field, op, values } = condition;
  switch (fieldInfo(field).kind) {
    case 'text': {
      const tests = values.map((value) => textTest(value, op === '='));
      const { header } = condition;
      const texts = (entry: Entry): readonly string[] =>
        header === undefined ? reader.texts(entry, field) : (reader.headers?.(entry, header) ?? []);
      return (entry) => texts(entry).some((text) => tests.some((test) => test(text)));
    }
    case 'word': {
      const tests = values.map((value) => textTest(value, true));
      return (entry) => reader.texts(entry, field).some((text) => tests.some((test) => test(text)));
    }
    case 'uri': {
      const tests = values.map((value) => uriTest(value, op === '='));
      return (entry) => reader.texts(entry, field).some((uri) => tests.some((test) => test(uri)));
    }
    case 'phone': {
      const tests = values.map(phoneTest);
      return (entry) =>
        reader.texts(entry, field).some((uri) => {
          const user = uriUser(uri);
          return tests.some((test) => test(user));
        });
    }
    case 'address': {
      const tests = values.map(placeTest);
      return (entry) => reader.places(entry, field).some((place) => tests.some((test) => test(place)));
    }
    case 'status':
    case 'count':
    case 'figure':
    case 'duration':
    case 'moment': {
      const zone = zoneNamed(condition.zone ?? UTC.name) ?? UTC;
      const tests = values.map((value) => numberTest(field, op, value, intervalReader(field, nowUs, zone)));
      return (entry) => reader.numbers(entry, field).some((number) => tests.some((test) => test(number)));
    }
  }
}

/** Case never matters: nobody remembers it, and what differs in nothing else is wanted too. */
function textTest(value: SearchValue, whole: boolean): (text: string) => boolean {
  switch (value.form) {
    case 'regexp': {
      const expression = compileExpression(value);
      return (text) => expression.matcher(text).find();
    }
    case 'pattern': {
      const matches = patternTest(value.text.toLowerCase());
      return (text) => matches(text.toLowerCase());
    }
    default: {
      const wanted = value.form === 'word' ? value.text.toLowerCase() : '';
      return whole ? (text) => text.toLowerCase() === wanted : (text) => text.toLowerCase().includes(wanted);
    }
  }
}

/** What is compared as a whole is the URI, its user, or user@host: whichever somebody wrote. */
function uriTest(value: SearchValue, whole: boolean): (uri: string) => boolean {
  const test = textTest(value, whole);
  return whole || value.form === 'pattern' ? (uri) => uriForms(uri).some(test) : test;
}

function phoneTest(value: SearchValue): (user: string) => boolean {
  if (value.form === 'regexp') return textTest(value, false);
  if (value.form === 'pattern') {
    const matches = patternTest(value.text.replace(/^(?:\+|00)/, ''));
    return (user) => matches(user.replace(/^(?:\+|00)/, ''));
  }
  const asked = value.form === 'word' ? readPhone(value.text) : undefined;
  return (user) => {
    const dialled = readPhone(user);
    return asked !== undefined && dialled !== undefined && samePhone(asked, dialled);
  };
}

function placeTest(value: SearchValue): (place: SeenPlace) => boolean {
  if (value.form === 'regexp' || value.form === 'pattern') {
    const test = textTest(value, true);
    return ({ ip }) => test(ip);
  }
  if (value.form === 'alias') {
    const aliases = new Aliases(value.aliases);
    return ({ words, port }) => {
      const alias = aliases.find(words, port);
      return alias !== undefined && isCalled(alias, value.text);
    };
  }
  const wanted = value.form === 'word' ? readPlace(value.text) : undefined;
  if (wanted === undefined) return () => false;
  const { network, port } = wanted;
  return (place) => (port === undefined || port === place.port) && cidrContains(network, ...place.words);
}

function numberTest(
  field: SearchField,
  op: SearchOperator,
  value: SearchValue,
  read: (text: string) => Interval | undefined,
): (number: number) => boolean {
  if (value.form === 'range') {
    const low = value.low === '' ? Number.NEGATIVE_INFINITY : (read(value.low)?.low ?? Number.NaN);
    const high = value.high === '' ? Number.POSITIVE_INFINITY : (read(value.high)?.high ?? Number.NaN);
    return (number) => number >= low && number <= high;
  }
  const interval = read(value.text);
  if (interval === undefined) return () => false;
  const { low, high } = interval;
  switch (op) {
    case '>':
      return (number) => number > high;
    case '>=':
      return (number) => number >= low;
    case '<':
      return (number) => number < low;
    case '<=':
      return (number) => number <= high;
    default: {
      // "-15m" alone says since when.
      const since = fieldInfo(field).kind === 'moment' && value.text.startsWith('-');
      return since ? (number) => number >= low : (number) => number >= low && number <= high;
    }
  }
}

/** What one value of a field covers. */
function intervalReader(field: SearchField, nowUs: number, zone: Zone): (text: string) => Interval | undefined {
  const point = (value: number | undefined): Interval | undefined =>
    value === undefined ? undefined : { low: value, high: value };
  switch (fieldInfo(field).kind) {
    case 'status':
      return readStatus;
    case 'duration':
      return (text) => point(readDuration(text));
    case 'figure':
      return (text) => point(readFigure(text));
    case 'moment':
      return (text) => timeInterval(text, nowUs, zone);
    default:
      return (text) => point(readCount(text));
  }
}

function timeInterval(text: string, nowUs: number, zone: Zone): Interval | undefined {
  const around = readAround(text);
  if (around !== undefined) {
    const us = instantUs(around.moment, nowUs, zone);
    return { low: us - around.widthUs, high: us + around.widthUs };
  }
  const moment = readMoment(text);
  return moment === undefined ? undefined : momentInterval(moment, nowUs, zone);
}

function compileExpression(value: SearchValue & { form: 'regexp' }): RE2JS {
  try {
    return RE2JS.compile(value.text, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineRequestError(`q: at character ${value.at + 1}: bad regular expression: ${why}`);
  }
}

/** `*` stands for any characters; everything else for itself. Each part is looked for once, from the left. */
function patternTest(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const between = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of between) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
