import { MAX_LIST_LIMIT, type TextFilter } from '../model/engine.ts';
import { parseDurationMs } from '../model/duration.ts';
import { UTC, type Zone } from '../model/zone.ts';
import { badParameter, unknownParameter } from './problem.ts';

export const DEFAULT_LIMIT = 100;

/** Parameters every page takes; they say how, not what. */
const EVERYWHERE = new Set(['format', 'tz']);

/**
 * The parameters of one request, from its query or its body. Only names of the route's list are let in, so what a
 * page documents is what it accepts; every refusal is a 400 that says what is allowed.
 */
export class Params {
  /** In which times are meant that say none. */
  readonly zone: Zone;
  readonly #values: ReadonlyMap<string, readonly unknown[]>;

  constructor(raw: unknown, known: readonly string[], zone = UTC) {
    this.zone = zone;
    const values = new Map<string, readonly unknown[]>();
    for (const [name, value] of Object.entries(isRecord(raw) ? raw : {})) {
      if (!known.includes(name)) throw unknownParameter(name, value, known);
      values.set(name, Array.isArray(value) ? value : [value]);
    }
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get names(): string[] {
    return [...this.#values.keys()].filter((name) => !EVERYWHERE.has(name));
  }

  /** The one value of a parameter as text; numbers and booleans of a JSON body count as their text. */
  text(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values === undefined) return undefined;
    if (values.length !== 1) throw badParameter(name, values, 'one value');
    return scalar(name, values[0]);
  }

  /** All values of a parameter that may be repeated; empty ones, which forms send, are left out. */
  texts(name: string): string[] {
    return (this.#values.get(name) ?? []).map((value) => scalar(name, value)).filter((value) => value !== '');
  }

  /** A whole number under one of several names; an empty value counts as absent. */
  integer(names: readonly string[], min: number, max: number, fallback: number): number {
    const given = names.filter((name) => (this.text(name) ?? '') !== '');
    const name = given[0];
    if (name === undefined) return fallback;
    const text = this.text(name) ?? '';
    if (given.length > 1)
      throw badParameter(given[1] ?? name, this.text(given[1] ?? name), `absent where "${name}" is given`);
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) throw badParameter(name, text, `a whole number from ${min} to ${max}`);
    return number;
  }

  /** A number, with a fraction or a sign where it has one; an empty value counts as absent. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    if (!/^[+-]?\d{1,15}(\.\d{1,9})?$/.test(text)) throw badParameter(name, text, 'a number');
    return Number(text);
  }

  /** A switch: absent = off; present, `1` or `true` = on; `0` or `false` = off. */
  flag(name: string): boolean {
    const text = this.text(name);
    switch (text) {
      case undefined:
      case '0':
      case 'false':
        return false;
      case '':
      case '1':
      case 'true':
        return true;
      default:
        throw badParameter(name, text, '0 or 1');
    }
  }

  choice<Value extends string>(name: string, allowed: readonly Value[]): Value | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw badParameter(name, text, `one of: ${allowed.join(', ')}`);
    return found;
  }

  durationMs(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = parseDurationMs(text);
    if (ms === undefined) throw badParameter(name, text, 'a duration such as 30s, 1m30s or 250ms');
    return ms;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function scalar(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw badParameter(name, value, 'a text, a number or a boolean');
}

export interface Paging {
  offset: number;
  limit: number;
}

/** `n`/`limit` and `s`/`offset`. */
/** @param most more may be asked for than the engine gives at once */
export function pagingOf(params: Params, defaultLimit = DEFAULT_LIMIT, most = MAX_LIST_LIMIT): Paging {
  return {
    offset: params.integer(['s', 'offset'], 0, Number.MAX_SAFE_INTEGER, 0),
    limit: params.integer(['n', 'limit'], 1, most, defaultLimit),
  };
}

/** `<field>=<value>` or `filter=<field>&val=<value>`, with `re`; an empty value is no filter. */
export function filterOf<Field extends string>(
  params: Params,
  fields: readonly Field[],
): TextFilter<Field> | undefined {
  const regexp = params.flag('re');
  const direct = fields.filter((field) => (params.text(field) ?? '') !== '');
  const named = params.choice('filter', fields);
  const value = params.text('val') ?? '';
  if (value !== '' && named === undefined) {
    throw badParameter(
      'filter',
      params.text('filter'),
      `the field "val" is compared with, one of: ${fields.join(', ')}`,
    );
  }
  const all = direct.map((field) => ({ field, value: params.text(field) ?? '' }));
  if (named !== undefined && value !== '') all.push({ field: named, value });
  if (all.length > 1) {
    const second = all[1];
    throw badParameter(
      second?.field ?? '',
      second?.value,
      `absent where "${all[0]?.field}" is given: one filter at a time`,
    );
  }
  return all[0] === undefined ? undefined : { ...all[0], regexp };
}
