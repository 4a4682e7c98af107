import { formatDuration, parseDurationMs } from './duration.ts';

/**
 * Settings of the event-rate blacklist and the names, ranges and notation under which they are changed at run time.
 * Times are milliseconds. One table says everything about a parameter; pages, the API and the engine read it.
 */
export const RATES = 3;

/** How a collection criterion compares; `ignore` lets everything pass. `>` on an age means "longer ago than". */
export const COMPARISONS = ['ignore', '==', '>', '<', '>=', '<=', '<>'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface AgeTest {
  op: Comparison;
  ms: number;
}

/** What an entry must be like to be collected: all five tests must pass. */
export interface RateCriterion {
  exceeded: { op: Comparison; value: boolean };
  createdAgo: AgeTest;
  changedAgo: AgeTest;
  lastExceededAgo: AgeTest;
  lastOkAgo: AgeTest;
  /** Longest run; ingest waits for it. */
  maxRunMs: number;
}

/** The periodic collection, which runs beside ingest in slices. */
export interface RateGcSettings {
  /** 0 = off. */
  intervalMs: number;
  /** Only entries that are ok, and were so for the last time longer ago than this. */
  oldAgeMs: number;
  maxRunMs: number;
  /** A run stops when so many entries, or fewer, remain. */
  target: number;
}

/** What happens when a new entry meets a table that is nearly full (light) or full (hard). */
export interface RatePressureSettings {
  lightTrigger: number;
  lightTarget: number;
  lightLifetimeMs: number;
  lightMaxRunMs: number;
  hardTarget: number;
  /** Tried in order, mildest first; those that ignore everything are not used. */
  criteria: RateCriterion[];
}

export interface EventRateSettings {
  /** 0 = rates are not tracked, and no event is held back because of its rate. */
  maxEntries: number;
  /** Which of the events beyond a limit are reported all the same; see `reportDiff`. 0 = that rule is off. */
  reportMin: number;
  reportMax: number;
  /** 0 = that rate is not kept. */
  intervalsMs: number[];
  /** 0 = that rate has no limit. */
  limits: number[];
  gc: RateGcSettings;
  pressure: RatePressureSettings;
}

export const MAX_RATE_ENTRIES = 16_777_216;
export const MAX_CRITERIA = 10;
export const MAX_RATE_INTERVAL_MS = 30 * 86_400_000;
export const MAX_RATE_LIMIT = 1e9;
/** Ingest stands still for so long at most. */
const MAX_PRESSURE_RUN_MS = 100;
const MAX_AGE_MS = 8760 * 3_600_000;
const MINUTE_MS = 60_000;

const HARD_TARGET = 0.9;
const LIGHT_TRIGGER = 0.85;
const LIGHT_TARGET = 0.8;

/** Sizes that belong to a limit when nothing else is said. */
function sharesOf(maxEntries: number): Pick<RatePressureSettings, 'hardTarget' | 'lightTrigger' | 'lightTarget'> {
  return {
    hardTarget: Math.floor(maxEntries * HARD_TARGET),
    lightTrigger: Math.floor(maxEntries * LIGHT_TRIGGER),
    lightTarget: Math.floor(maxEntries * LIGHT_TARGET),
  };
}

function unusedCriterion(): RateCriterion {
  const any = (): AgeTest => ({ op: 'ignore', ms: 0 });
  return {
    exceeded: { op: 'ignore', value: false },
    createdAgo: any(),
    changedAgo: any(),
    lastExceededAgo: any(),
    lastOkAgo: any(),
    maxRunMs: 5,
  };
}

/** First entries that have long been ok, then those ok for half a minute, then those silent while beyond their limit. */
export function defaultPressure(maxEntries: number): RatePressureSettings {
  const criteria = Array.from({ length: MAX_CRITERIA }, unusedCriterion);
  const ok = { op: '==', value: false } as const;
  criteria[0] = { ...unusedCriterion(), exceeded: { ...ok }, lastOkAgo: { op: '>', ms: 10 * MINUTE_MS } };
  criteria[1] = { ...unusedCriterion(), exceeded: { ...ok }, lastOkAgo: { op: '>', ms: MINUTE_MS / 2 } };
  criteria[2] = {
    ...unusedCriterion(),
    exceeded: { op: '==', value: true },
    lastExceededAgo: { op: '>', ms: 10_000 },
  };
  return { ...sharesOf(maxEntries), lightLifetimeMs: 15 * MINUTE_MS, lightMaxRunMs: 2, criteria };
}

export function isUsed(criterion: RateCriterion): boolean {
  const { exceeded, createdAgo, changedAgo, lastExceededAgo, lastOkAgo } = criterion;
  return [exceeded, createdAgo, changedAgo, lastExceededAgo, lastOkAgo].some(({ op }) => op !== 'ignore');
}

/** Pages under /evrateblst on which parameters are changed. */
export type RatePage = 'rates' | 'gccfg1' | 'gccfg2';

/** How a parameter is written. */
interface Notation {
  readonly expected: string;
  /** Words to choose from, where there are only some. */
  readonly choices?: readonly string[];
  parse(text: string): number | string | undefined;
  show(value: number | string): string;
}

/** One value of the settings that can be changed at run time. */
export interface RateParameter {
  readonly name: string;
  readonly page: RatePage;
  readonly doc: string;
  readonly notation: Notation;
  readonly get: (settings: EventRateSettings) => number | string;
  readonly set: (settings: EventRateSettings, value: number | string) => void;
}

function whole(min: number, max: number, note = ''): Notation {
  return {
    expected: `a whole number from ${min} to ${max}${note}`,
    parse: (text) => (/^\d{1,15}$/.test(text) ? within(Number(text), min, max) : undefined),
    show: String,
  };
}

function span(maxMs: number, note = ''): Notation {
  return {
    expected: `a duration from 0 to ${formatDuration(maxMs)}, such as 250ms or 1m30s${note}`,
    parse: (text) => within(parseDurationMs(text) ?? Number.NaN, 0, maxMs),
    show: (value) => formatDuration(Number(value)),
  };
}

const LIMIT: Notation = {
  expected: `a number up to ${MAX_RATE_LIMIT}; 0 = no limit, below 0 = as it is`,
  parse: (text) => (/^-?\d{1,12}(\.\d{1,9})?$/.test(text) ? within(Number(text), -1e12, MAX_RATE_LIMIT) : undefined),
  show: String,
};

function oneOf(choices: readonly string[]): Notation {
  return {
    expected: `one of ${choices.join(', ')}`,
    choices,
    parse: (text) => choices.find((choice) => choice === text),
    show: String,
  };
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

const OPERATOR = oneOf(COMPARISONS);
const SWITCH = oneOf(['0', '1']);

type Path<T> = (settings: EventRateSettings) => T;

/** A parameter that is one member of some part of the settings. */
function member<Part>(
  page: RatePage,
  name: string,
  doc: string,
  notation: Notation,
  part: Path<Part>,
  key: keyof Part,
): RateParameter {
  return {
    name,
    page,
    doc,
    notation,
    // Each notation parses to the type of the members it is used for.
    get: (settings) => part(settings)[key] as number | string,
    set(settings, value) {
      part(settings)[key] = value as Part[keyof Part];
    },
  };
}

const root: Path<EventRateSettings> = (settings) => settings;
const gc: Path<RateGcSettings> = (settings) => settings.gc;
const pressure: Path<RatePressureSettings> = (settings) => settings.pressure;

function rateParameters(): RateParameter[] {
  const count = whole(0, 1e9, ' (0 = off)');
  const parameters = [
    member(
      'rates',
      'evr_conseq_report_min',
      'beyond a limit, report the event with this number, its double, …',
      count,
      root,
      'reportMin',
    ),
    member('rates', 'evr_conseq_report_max', 'from this number on, report its multiples', count, root, 'reportMax'),
  ];
  for (let n = 0; n < RATES; n++) {
    parameters.push({
      name: `rate${n}`,
      page: 'rates',
      doc: `limit of rate ${n}, events per its interval`,
      notation: LIMIT,
      get: (settings) => settings.limits[n] ?? 0,
      set(settings, value) {
        if (Number(value) >= 0) settings.limits[n] = Number(value);
      },
    });
  }
  for (let n = 0; n < RATES; n++) {
    parameters.push({
      name: `interval${n}`,
      page: 'rates',
      doc: `interval of rate ${n}`,
      notation: span(MAX_RATE_INTERVAL_MS, '; 0 = as it is'),
      get: (settings) => settings.intervalsMs[n] ?? 0,
      set(settings, value) {
        if (value !== 0) settings.intervalsMs[n] = Number(value);
      },
    });
  }
  return parameters;
}

function criterionParameters(k: number): RateParameter[] {
  const at: Path<RateCriterion> = (settings) => settings.pressure.criteria[k] ?? unusedCriterion();
  const prefix = `hard_gc_m${k}_`;
  const age = (op: string, ms: string, doc: string, part: Path<AgeTest>): RateParameter[] => [
    member('gccfg2', prefix + op, `criterion ${k}, ${doc}: comparison`, OPERATOR, part, 'op'),
    member('gccfg2', prefix + ms, `criterion ${k}, ${doc}: how long ago`, span(MAX_AGE_MS), part, 'ms'),
  ];
  return [
    member('gccfg2', `${prefix}opex`, `criterion ${k}, blacklisted: comparison`, OPERATOR, (s) => at(s).exceeded, 'op'),
    {
      name: `${prefix}ex`,
      page: 'gccfg2',
      doc: `criterion ${k}, blacklisted: 1 or not: 0`,
      notation: SWITCH,
      get: (settings) => (at(settings).exceeded.value ? '1' : '0'),
      set(settings, value) {
        at(settings).exceeded.value = value === '1';
      },
    },
    ...age('opt0', 'dt0', 'created', (s) => at(s).createdAgo),
    ...age('opexchgt', 'dexchgt', 'changed', (s) => at(s).changedAgo),
    ...age('opexlastt', 'dexlastt', 'last blacklisted', (s) => at(s).lastExceededAgo),
    ...age('opoklastt', 'doklastt', 'last ok', (s) => at(s).lastOkAgo),
    member('gccfg2', `rlim${k}`, `criterion ${k}: longest run`, span(MAX_PRESSURE_RUN_MS), at, 'maxRunMs'),
  ];
}

const size = whole(0, MAX_RATE_ENTRIES);

export const RATE_SETTINGS: readonly RateParameter[] = [
  ...rateParameters(),
  member(
    'gccfg1',
    'evr_gc_interval',
    'time between two periodic collections, 0 = off',
    span(MAX_AGE_MS),
    gc,
    'intervalMs',
  ),
  member(
    'gccfg1',
    'evr_gc_old_age',
    'collect entries that were ok for the last time longer ago',
    span(MAX_AGE_MS),
    gc,
    'oldAgeMs',
  ),
  member('gccfg1', 'evr_gc_max_run_time', 'longest periodic collection', span(MINUTE_MS), gc, 'maxRunMs'),
  member('gccfg1', 'evr_gc_target', 'stop when so many entries remain', size, gc, 'target'),
  member('gccfg2', 'max_entries', 'most entries, 0 = rates are not tracked', size, root, 'maxEntries'),
  member('gccfg2', 'hard_gc_target', 'a full table: stop when so many entries remain', size, pressure, 'hardTarget'),
  member(
    'gccfg2',
    'light_gc_trigger',
    'a new entry collects lightly from so many entries on',
    size,
    pressure,
    'lightTrigger',
  ),
  member('gccfg2', 'light_gc_target', 'light: stop when so many entries remain', size, pressure, 'lightTarget'),
  member(
    'gccfg2',
    'light_gc_lifetime',
    'light: entries that were ok for the last time longer ago',
    span(MAX_AGE_MS),
    pressure,
    'lightLifetimeMs',
  ),
  member('gccfg2', 'light_gc_max_runtime', 'light: longest run', span(MAX_PRESSURE_RUN_MS), pressure, 'lightMaxRunMs'),
  ...Array.from({ length: MAX_CRITERIA }, (_, k) => criterionParameters(k)).flat(),
];

const BY_NAME: ReadonlyMap<string, RateParameter> = new Map(
  RATE_SETTINGS.map((parameter) => [parameter.name, parameter]),
);

/** Changed settings, or what is wrong with the first parameter that cannot be used: its name and a sentence. */
export type RateChange =
  | { readonly ok: true; readonly settings: EventRateSettings }
  | { readonly ok: false; readonly parameter: string; readonly given: string; readonly allowed: string };

/**
 * Applies texts by parameter name to a copy of the settings: all or nothing. A new `max_entries` brings the sizes that
 * belong to it along, as far as they are not given too.
 */
export function changeRates(settings: EventRateSettings, texts: Readonly<Record<string, string>>): RateChange {
  const next = structuredClone(settings);
  const values: [RateParameter, number | string][] = [];
  for (const [name, text] of Object.entries(texts)) {
    const parameter = BY_NAME.get(name);
    const value = parameter?.notation.parse(text);
    if (parameter === undefined || value === undefined) {
      const allowed = parameter?.notation.expected ?? 'a parameter of the event rates';
      return { ok: false, parameter: name, given: text, allowed };
    }
    values.push([parameter, value]);
  }
  const maxEntries = texts['max_entries'];
  if (maxEntries !== undefined && Number(maxEntries) !== settings.maxEntries) {
    Object.assign(next.pressure, sharesOf(Number(maxEntries)));
  }
  for (const [parameter, value] of values) parameter.set(next, value);
  const { hardTarget, lightTrigger, lightTarget } = next.pressure;
  const refuse = (parameter: string, given: number, allowed: string): RateChange => ({
    ok: false,
    parameter,
    given: String(given),
    allowed,
  });
  if (next.maxEntries === 0) return { ok: true, settings: next };
  if (hardTarget >= next.maxEntries)
    return refuse('hard_gc_target', hardTarget, `less than max_entries, ${next.maxEntries}`);
  if (lightTrigger > next.maxEntries)
    return refuse('light_gc_trigger', lightTrigger, `max_entries, ${next.maxEntries}, or less`);
  if (lightTarget > lightTrigger)
    return refuse('light_gc_target', lightTarget, `light_gc_trigger, ${lightTrigger}, or less`);
  return { ok: true, settings: next };
}
