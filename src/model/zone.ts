/** A time zone of the IANA database: how far its clocks are from UTC at each instant. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offsets by quarter of an hour: clocks have been changed on those only since 1972, and asking takes microseconds. */
  readonly #offsetsUs = new Map<number, number>();

  /** @param format writes the offset of an instant; without it there is none */
  constructor(name: string, format?: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
  }

  /** What clocks there show at an instant beyond UTC; negative in the west. */
  offsetUs(atUs: number): number {
    if (this.#format === undefined) return 0;
    const quarter = Math.floor(atUs / QUARTER_US);
    const known = this.#offsetsUs.get(quarter);
    if (known !== undefined) return known;
    if (this.#offsetsUs.size >= MAX_OFFSETS) this.#offsetsUs.clear();
    const offsetUs = readOffset(this.#format, (quarter * QUARTER_US) / 1000);
    this.#offsetsUs.set(quarter, offsetUs);
    return offsetUs;
  }

  /**
   * The instant at which clocks there show a time, which is given as if it were UTC. Of two such instants, when clocks
   * are put back, it is the first; a time left out when they are put forward is read as if they had not been.
   */
  instantUs(localUs: number): number {
    const before = localUs - this.offsetUs(localUs - DAY_US);
    if (before + this.offsetUs(before) === localUs) return before;
    const after = localUs - this.offsetUs(localUs + DAY_US);
    return after + this.offsetUs(after) === localUs ? after : before;
  }
}

const QUARTER_US = 900_000_000;
const DAY_US = 96 * QUARTER_US;
const MAX_OFFSETS = 4096;
/** Each holds what writes its offsets, some tens of kilobytes. */
const MAX_ZONES = 64;

export const UTC = new Zone('UTC');
const zones = new Map<string, Zone>();

/** The zone of that name in any case; names of today and of former times. `undefined` = there is none. */
export function zoneNamed(name: string): Zone | undefined {
  if (name.toUpperCase() === UTC.name) return UTC;
  const known = zones.get(name);
  if (known !== undefined) return known;
  const format = offsetFormat(name);
  if (format === undefined) return undefined;
  const zone = new Zone(canonicalName(name, format), format);
  const [oldest] = zones.keys();
  if (zones.size >= MAX_ZONES && oldest !== undefined) zones.delete(oldest);
  zones.set(name, zone);
  return zone;
}

/** Names have letters; what else `Intl` takes, such as `+01:00`, depends on its version. */
const NAME = /^[A-Za-z][\w+-]*(?:\/[\w+-]+){0,2}$/;
const MAX_NAME = 64;

function offsetFormat(name: string): Intl.DateTimeFormat | undefined {
  if (name.length > MAX_NAME || !NAME.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: '2-digit' });
  } catch {
    return undefined; // RangeError: no such zone
  }
}

/** The name as `Intl` writes it, unless it puts another in its place: Asia/Kolkata stays what somebody chose. */
function canonicalName(name: string, format: Intl.DateTimeFormat): string {
  const { timeZone } = format.resolvedOptions();
  return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
}

/** `GMT`, `GMT+01:00`, `GMT-00:44:30`. */
function readOffset(format: Intl.DateTimeFormat, atMs: number): number {
  const text = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000;
  return sign === '-' ? -size : size;
}

/** `+01:00`; the zones' seconds of long ago are left out. */
export function offsetText(offsetUs: number): string {
  const minutes = Math.floor(Math.abs(offsetUs) / 60_000_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offsetUs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
