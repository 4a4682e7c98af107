import type { VNode } from 'preact';
import { UTC } from '../../model/zone.ts';
import { fieldInfo, SEARCH_FIELD_NAMES, type SearchSubject } from '../../model/search/fields.ts';
import { FIELD_DOC } from '../schemas.ts';
import { type AskedSearch, searchParts } from '../search.ts';
import { link, type Parameters } from '../show.ts';
import { MAX_LIST_LIMIT, type TextFilter } from '../../model/engine.ts';
import { Kept } from './list.tsx';
import { Captured, Table } from './parts.tsx';
import { useZone, useZoneParameter } from './zone.tsx';

export interface SearchFormProps {
  subject: SearchSubject;
  action: string;
  search: AskedSearch | undefined;
  filter: TextFilter<string> | undefined;
  limit: number;
  /** What else the list was asked for, its filter included. */
  kept?: Parameters;
}

/** The search box; below it what was understood, each part with a way to leave it out. */
export function SearchForm({ subject, action, search, filter, limit, kept = {} }: SearchFormProps): VNode {
  return (
    <form class="filter" method="get" action={action} role="search">
      <label class="grow">
        <span>Search {subject}</span>
        <input
          type="search"
          name="q"
          value={search?.text ?? ''}
          placeholder={`number, address, Call-ID, 486 … or ${subject === 'messages' ? 'payload:sendonly AND header.X-Foo:*' : 'from:*1234 AND pdd>4s'}`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-keyshortcuts="/"
        />
      </label>
      <Kept parameters={kept} />
      <TypedIn />
      <label>
        <span>At most</span>
        <input type="number" name="n" min="1" max={MAX_LIST_LIMIT} value={limit} />
      </label>
      <button type="submit">Search</button>
      <a class="aside" href={link(`${action}/query`, { q: search?.text })}>
        How to search
      </a>
      <details class="menu searches" data-searches={subject} hidden>
        <summary>Searches saved and made</summary>
      </details>
      <Understood action={action} search={search} filter={filter} limit={limit} kept={kept} />
    </form>
  );
}

/** The zone in which times are typed stays with them in the address, for whoever is given it. */
function TypedIn(): VNode | undefined {
  const zone = useZone();
  const { tz = zone === UTC ? undefined : zone.name } = useZoneParameter();
  return tz === undefined ? undefined : <input type="hidden" name="tz" value={tz} />;
}

function Understood({ action, search, filter, limit, kept }: Omit<SearchFormProps, 'subject'>): VNode | undefined {
  if (search === undefined && filter === undefined) return undefined;
  const zoned = useZoneParameter();
  const parts = search === undefined ? [] : searchParts(search.search);
  return (
    <ul class="chips" aria-label="In effect">
      {parts.map(({ text, without }) => (
        <Chip
          text={text}
          href={link(action, { ...kept, ...zoned, q: without === '' ? undefined : without, n: limit })}
        />
      ))}
      {filter === undefined ? undefined : (
        <Chip
          text={`${FIELD_DOC[filter.field] ?? filter.field} ${filter.regexp ? 'matches' : 'contains'} ${filter.value}`}
          href={link(action, {
            ...kept,
            ...zoned,
            [filter.field]: undefined,
            re: undefined,
            q: search?.text,
            n: limit,
          })}
        />
      )}
    </ul>
  );
}

function Chip({ text, href }: { text: string; href: string }): VNode {
  return (
    <li>
      <code>
        <Captured text={text} />
      </code>
      <a href={href} aria-label={`Leave out ${text}`}>
        ×
      </a>
    </li>
  );
}

export function filterParameters(filter: TextFilter<string> | undefined): Parameters {
  return filter === undefined ? {} : { [filter.field]: filter.value, re: filter.regexp ? 1 : undefined };
}

type Example = readonly [text: string, meaning: string];

const EXAMPLES: readonly Example[] = [
  ['+4930123456', 'calls of this number, either side, however it was dialled'],
  ['status:5xx AND dst:10.0.0.0/24', 'server errors towards a network'],
  ['from:*1234 AND pdd>4s', 'users that end in 1234 and waited long'],
  ['method:INVITE start:-15m !status:2xx', 'calls of the last quarter of an hour without success'],
  ['(ua:/^Asterisk/ OR ua:FreeSWITCH) AND retrans>=3', 'retransmissions of some servers'],
  ['start:14:03~5m number:1234', 'five minutes around 14:03 today'],
];

const MESSAGE_EXAMPLES: readonly Example[] = [
  ['payload:"a=sendonly"', 'messages that hold this text anywhere'],
  ['header.X-Account:*', 'messages with this header field, whatever it says'],
  ['header.Route:/;lr\\b.*10\\.0\\./ method:INVITE', 'a header field by expression'],
  ['status:5xx AND dst:10.0.0.0/24', 'server errors towards a network'],
  ['method:OPTIONS !status:2xx at:-15m', 'OPTIONS, and what was answered but success, of a quarter of an hour'],
  ['repeat:retransmission transport:udp', 'what had to be sent again'],
];

/** The page that leads to a search. */
export function SearchPage(props: Pick<SearchFormProps, 'subject' | 'action' | 'search' | 'limit'>): VNode {
  const { subject, action } = props;
  return (
    <>
      <SearchForm {...props} filter={undefined} />
      <SearchHelp subject={subject} action={action} />
    </>
  );
}

/** How the language goes, beside the box it is typed into. */
function SearchHelp({ subject, action }: { subject: SearchSubject; action: string }): VNode {
  const zone = useZone();
  const names = SEARCH_FIELD_NAMES.filter((name) => fieldInfo(name).subjects.includes(subject));
  return (
    <div class="help">
      <section>
        <h2>Examples</h2>
        <ul class="plain">
          {(subject === 'messages' ? MESSAGE_EXAMPLES : EXAMPLES).map(([text, meaning]) => (
            <li>
              <a href={link(action, { q: text })}>
                <code>{text}</code>
              </a>{' '}
              <span class="quiet">{meaning}</span>
            </li>
          ))}
        </ul>
        <h2>Rules</h2>
        <ul>
          <li>
            <code>field:value</code> contains, <code>field=value</code> is the whole, <code>field:*value</code> ends
            with; <code>"…"</code> takes every character as it is; case never matters.
          </li>
          <li>
            <code>field:/expression/</code> is an RE2 expression.
          </li>
          <li>
            <code>&gt; &gt;= &lt; &lt;=</code> and <code>2s..10s</code> for figures, times and status codes;{' '}
            <code>a,b</code> is either.
          </li>
          <li>
            <code>AND</code> (or a space), <code>OR</code>, <code>NOT</code> or <code>!</code>, parentheses.
          </li>
          <li>
            Times are read in {zone === UTC ? zone.name : `the zone ${zone.name}`} unless they say another: -15m, 14:03,
            14:03~5m, 2026-11-21, 2026-11-21T14:03:05, 2026-11-21T14:03:05+01:00.
          </li>
        </ul>
      </section>
      <section>
        <h2>Fields</h2>
        <Table head={['Field', 'Also', 'Meaning']} caption="Fields of the search">
          <tbody>
            {names.map((name) => (
              <tr>
                <td data-label="Field">
                  <code>{name}</code>
                </td>
                <td data-label="Also">
                  <code class="quiet">{fieldInfo(name).aliases.join(', ')}</code>
                </td>
                <td data-label="Meaning">{fieldInfo(name).description.replaceAll('`', '')}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      </section>
    </div>
  );
}
