import type { VNode } from 'preact';
import type { ShareSettings } from '../../model/settings.ts';
import type { Page } from '../../model/views.ts';
import { MAX_SHARED, shareHref } from '../call-source.ts';
import type { Share } from '../shares.ts';
import { formatNumber, octetsText } from '../show.ts';
import { Captured, CapturedLink, Cell, Pager, Table, Time } from './parts.tsx';

/** Asks whether a call is to be kept, and says what that means. */
export function ShareForm({
  callId,
  href,
  expiresUs,
  isOn,
}: {
  callId: string;
  href: string;
  expiresUs: number;
  isOn: boolean;
}): VNode {
  return (
    <>
      <p>
        Call <CapturedLink text={callId} href={href} />
      </p>
      {isOn ? (
        <>
          <p>
            A short link keeps the call as it is now until <Time us={expiresUs} />: its ladder, its messages (at most{' '}
            {formatNumber(MAX_SHARED)}), its events and its capture files, however soon others take its place here.
            Everybody who may read these pages can follow it.
          </p>
          <form method="post" action={`${href}/share`}>
            <button type="submit">Keep it under a short link</button>
          </form>
        </>
      ) : (
        <p>
          Calls are not shared here: <code>share_max</code> is 0.
        </p>
      )}
      <AllShares />
    </>
  );
}

function AllShares(): VNode {
  return (
    <p>
      <a href="/shares">All short links</a>
    </p>
  );
}

export function ShareMade({ share }: { share: Share }): VNode {
  return (
    <>
      <p class="done" role="status">
        Kept under{' '}
        <a href={shareHref(share)}>
          <code>{shareHref(share)}</code>
        </a>{' '}
        until <Time us={share.expiresUs} />
      </p>
      <AllShares />
    </>
  );
}

/** Above the page of a shared call. */
export function SharedUntil({ share }: { share: Share }): VNode {
  return (
    <p class="quiet">
      As it was on <Time us={share.createdUs} />, kept by <Captured text={share.by} /> until{' '}
      <Time us={share.expiresUs} />. <a href="/shares">All short links</a>
    </p>
  );
}

export function ShareList({
  page,
  settings: { most, mostBytes },
  applied,
}: {
  page: Page<Share>;
  settings: ShareSettings;
  applied: string | undefined;
}): VNode {
  return (
    <>
      {applied === undefined ? undefined : (
        <p class="done" role="status">
          {applied}
        </p>
      )}
      <p>
        {formatNumber(page.total)} of at most {formatNumber(most)} (<code>share_max</code>), in at most{' '}
        {octetsText(mostBytes)} (<code>share_max_mem</code>). A call is shared from its page.
      </p>
      {page.items.length === 0 ? undefined : (
        <Table
          head={['Link', 'Call-ID', 'Since', 'Until', 'By', { number: 'Messages' }, { number: 'Octets' }, 'Remove']}
          caption="Short links"
        >
          <tbody>
            {page.items.map((share) => (
              <tr>
                <Cell label="Link">
                  <a href={shareHref(share)}>
                    <code>{shareHref(share)}</code>
                  </a>
                </Cell>
                <Cell label="Call-ID">
                  <Captured text={share.callId} />
                </Cell>
                <Cell label="Since">
                  <Time us={share.createdUs} />
                </Cell>
                <Cell label="Until">
                  <Time us={share.expiresUs} />
                </Cell>
                <Cell label="By">
                  <Captured text={share.by} />
                </Cell>
                <Cell label="Messages" number>
                  {formatNumber(share.messages)}
                </Cell>
                <Cell label="Octets" number>
                  {formatNumber(share.bytes)}
                </Cell>
                <Cell label="Remove">
                  <form method="post" action="/shares">
                    <button type="submit" name="remove" value={share.id}>
                      Remove
                    </button>
                  </form>
                </Cell>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager page={page} path="/shares" parameters={{}} />
    </>
  );
}
