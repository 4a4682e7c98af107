import type { VNode } from 'preact';
import { quotedWord } from '../../model/search/ast.ts';
import type { CallView } from '../../model/views.ts';
import { type AskedSearch, narrowed } from '../search.ts';
import { callHref, link, visible } from '../show.ts';
import type { ListAddress } from './list.tsx';

/** Longer values would make a search longer than one may be. */
const MOST_SEARCHED = 200;

/** What can be done with one row: open it elsewhere, take it away, and see only such calls or none. */
export function RowMenu({
  call,
  search,
  address,
}: {
  call: CallView;
  search: AskedSearch | undefined;
  address: ListAddress;
}): VNode {
  const href = callHref(call.callId);
  const at = (condition: string): string =>
    link(address.path, { ...address.parameters, q: narrowed(search, condition) });
  return (
    <ul class="row-menu" aria-label="What can be done with this call">
      <li>
        <a href={href} target="_blank" rel="noopener">
          Open in a new tab
        </a>
      </li>
      <li>
        Export <a href={`${href}/text`}>text</a> <a href={link(href, { format: 'json' })}>JSON</a>{' '}
        <a href={`${href}/pcap`}>PCAP</a>
      </li>
      <li class="copy">
        <button type="button" data-copy={visible(call.callId)}>
          Copy Call-ID
        </button>
      </li>
      {conditionsOf(call).map(([name, condition]) => (
        <li>
          {name}{' '}
          <a href={at(condition)} aria-label={`Only calls with this ${name}`}>
            only
          </a>{' '}
          <a href={at(`!${condition}`)} aria-label={`No calls with this ${name}`}>
            not
          </a>
        </li>
      ))}
    </ul>
  );
}

/** What tells calls like this one from others. */
function conditionsOf(call: CallView): [name: string, condition: string][] {
  const status = call.statuses[0] === 0 ? call.statuses[1] : call.statuses[0];
  const values: readonly (readonly [string, string, string])[] = [
    ['From', 'from=', call.from],
    ['To', 'to=', call.to],
    ['source', 'src:', call.src.ip],
    ['User-Agent', 'ua=', call.userAgent],
    ['status', 'status:', status === 0 ? '' : String(status)],
  ];
  return values
    .filter(([, , value]) => value !== '' && value.length <= MOST_SEARCHED)
    .map(([name, field, value]) => [name, `${field}${quotedWord(value)}`]);
}
