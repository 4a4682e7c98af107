import type { VNode } from 'preact';
import type { Page } from '../../model/views.ts';
import type { AuditAction, AuditEntry } from '../access/audit.ts';
import { Captured, Cell, Nothing, Pager, Pill, Table, Time, type Tone } from './parts.tsx';

const TONE: Readonly<Record<AuditAction, Tone>> = {
  login: 'good',
  'login-failed': 'bad',
  logout: 'calm',
  change: 'odd',
  export: 'busy',
};

/** Who did what, newest first. */
export function Audit({ page }: { page: Page<AuditEntry> }): VNode {
  return (
    <>
      {page.items.length === 0 ? (
        <p>Nobody has logged in, changed or exported anything yet.</p>
      ) : (
        <Table head={['Time', 'What', 'Who', 'Known by', 'Address', 'Page', 'Parameters']} caption="Audit trail">
          <tbody>
            {page.items.map((entry) => (
              <tr>
                <Cell label="Time" brief>
                  <Time us={entry.atUs} />
                </Cell>
                <Cell label="What">
                  <Pill text={entry.action} tone={TONE[entry.action]} />
                </Cell>
                <Cell label="Who">
                  <Captured text={entry.user} />
                </Cell>
                <Cell label="Known by">{entry.via}</Cell>
                <Cell label="Address">
                  <Captured text={entry.address} />
                </Cell>
                <Cell label="Page">
                  <Captured text={entry.target} />
                </Cell>
                <Cell label="Parameters">
                  {entry.parameters === '' ? <Nothing /> : <Captured text={entry.parameters} />}
                </Cell>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager page={page} path="/audit" parameters={{}} />
    </>
  );
}
