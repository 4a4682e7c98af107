import type { VNode } from 'preact';
import type { Account } from '../access/accounts.ts';
import { Captured, Cell, Pill, Table, Time } from './parts.tsx';

/** Who may use the pages. */
export function Accounts({ accounts, nowUs }: { accounts: readonly Account[]; nowUs: number }): VNode {
  return (
    <>
      <p>
        A viewer reads, an admin also changes. Set by <a href="/about/config#http_users">http_users</a>,{' '}
        <a href="/about/config#http_tokens">http_tokens</a> and what follows them; <a href="/audit">the audit trail</a>{' '}
        says what they did.
      </p>
      {accounts.length === 0 ? (
        <p>Nobody: there are neither users nor tokens.</p>
      ) : (
        <Table head={['Who', 'Name', 'Role', 'Known by', 'Until']} caption="Access">
          <tbody>
            {accounts.map(({ kind, name, role, by, untilUs }) => (
              <tr>
                <Cell label="Who">{kind}</Cell>
                <Cell label="Name">
                  <Captured text={name} />
                </Cell>
                <Cell label="Role">
                  <Pill text={role} tone={role === 'admin' ? 'odd' : 'calm'} />
                </Cell>
                <Cell label="Known by">
                  <Captured text={by} />
                </Cell>
                <Cell label="Until">
                  {untilUs === null ? (
                    'no end'
                  ) : (
                    <>
                      <Time us={untilUs} /> {untilUs <= nowUs ? <Pill text="over" tone="bad" /> : undefined}
                    </>
                  )}
                </Cell>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </>
  );
}
