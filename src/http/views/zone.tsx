import { createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { UTC, type Zone } from '../../model/zone.ts';
import { link, tableTime, zoneMark } from '../show.ts';
import { FOLLOWS_BROWSER, type ShownZone } from '../zone.ts';

/** The zone of the page being drawn; whatever shows a time asks here. */
export const ZoneContext = createContext<ShownZone>({ zone: UTC, isAsked: false, followsBrowser: false });

export function useZone(): Zone {
  return useContext(ZoneContext).zone;
}

/** What links to more of the same list need, so that it stays in the zone the address asks for. */
export function useZoneParameter(): { tz?: string } {
  const { zone, isAsked } = useContext(ZoneContext);
  return isAsked ? { tz: zone.name } : {};
}

/** When the page was made, and on whose clocks its times are. */
export function MadeAt({ nowUs, url }: { nowUs: number; url: string }): VNode {
  const zone = useZone();
  return (
    <span>
      As of <time dateTime={new Date(nowUs / 1000).toISOString()}>{tableTime(nowUs, zone).slice(0, 19)}</time>{' '}
      <a href={link('/zone', { next: url })} title="Choose the time zone">
        {zone === UTC ? zone.name : `${zoneMark(nowUs, zone)} ${zone.name}`}
      </a>
    </span>
  );
}

/** What times look like now, and which zones there are. */
export function ZonePage({
  shown,
  nowUs,
  names,
  next,
}: {
  shown: ShownZone;
  nowUs: number;
  names: readonly string[];
  next: string;
}): VNode {
  const { zone, followsBrowser } = shown;
  const isListed = names.includes(zone.name);
  return (
    <>
      <p>
        Times are shown and read {followsBrowser ? 'in the zone of this browser' : 'in this zone'}:{' '}
        <strong>{zone.name}</strong>, where it is {tableTime(nowUs, zone).slice(0, 19)} {zoneMark(nowUs, zone)}. JSON is
        always in UTC.
      </p>
      <form class="filter" method="post" action="/zone">
        <input type="hidden" name="next" value={next} />
        {/* Which zone that is only a script can tell. */}
        <button type="submit" name="tz" value={FOLLOWS_BROWSER} data-browser-zone="" hidden>
          Zone of this browser
        </button>
        <button type="submit" name="tz" value={UTC.name}>
          {UTC.name}
        </button>
        <label>
          <span>Zone</span>
          <select name="named">
            {isListed ? undefined : <option selected>{zone.name}</option>}
            {names.map((name) => (
              <option selected={name === zone.name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="submit">Take this zone</button>
      </form>
    </>
  );
}
