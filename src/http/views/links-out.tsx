import type { VNode } from 'preact';
import type { LinkOut } from '../../model/settings.ts';
import type { CallView } from '../../model/views.ts';
import { isoMicros } from '../show.ts';

/** The same call in other tools. */
export function LinksOut({ linksOut, call }: { linksOut: readonly LinkOut[]; call: CallView | undefined }): VNode {
  if (call === undefined || linksOut.length === 0) return <></>;
  return (
    <p class="links-out">
      <span class="quiet">Elsewhere</span>{' '}
      {linksOut.map(({ name, url }) => (
        <a href={filled(url, call)} rel="noreferrer">
          {name}
        </a>
      ))}
    </p>
  );
}

/** Values are encoded, so that none can lead out of the place it stands in. */
function filled(url: string, { callId, from, to, createdUs, updatedUs }: CallView): string {
  const values: Readonly<Record<string, string>> = {
    callid: callId,
    from,
    to,
    time: isoMicros(createdUs),
    time_ms: String(Math.floor(createdUs / 1000)),
    end_ms: String(Math.ceil(updatedUs / 1000)),
  };
  return url.replace(/\{(\w+)\}/g, (_whole, name: string) => encoded(values[name] ?? ''));
}

/** Half a surrogate pair has no encoding; captured text may hold one. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
}
