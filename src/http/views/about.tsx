import type { VNode } from 'preact';
import type { AboutInfo, ConfigRow } from '../deps.ts';
import { Captured, Cell, Facts, Nothing, Table } from './parts.tsx';

export function About({ about }: { about: AboutInfo }): VNode {
  return (
    <>
      <Facts
        rows={[
          ['Program', `${about.name} ${about.version}`],
          ['Node.js', about.node],
          ['Datagrams received by', about.receiveMethod],
          [
            'More',
            <>
              <a href="/about/config">configuration in effect</a>,{' '}
              <a href="/retention">what is kept, and for how long</a>, <a href="/api">the API</a>
            </>,
          ],
        ]}
      />
      <h2>Dependencies</h2>
      <Table head={['Package', 'Version', 'Licence']} caption="Dependencies">
        <tbody>
          {about.dependencies.map((dependency) => (
            <tr>
              <Cell label="Package">{dependency.name}</Cell>
              <Cell label="Version">{dependency.version}</Cell>
              <Cell label="Licence">{dependency.licence}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

/** What can be changed without a restart, on pages of its own. */
const CHANGEABLE: readonly (readonly [string, string])[] = [
  ['/calls/timeout', 'timeouts of call states'],
  ['/regs/cfg', 'how registrations are judged'],
  ['/events/blst', 'event types'],
  ['/evrateblst/rates', 'limits of event rates'],
  ['/evrateblst/gccfg1', 'periodic collection of rates'],
  ['/evrateblst/gccfg2', 'collection of a full rate table'],
  ['/debug/options', 'log level'],
];

export function Config({ rows }: { rows: readonly ConfigRow[] }): VNode {
  return (
    <>
      <p class="pager">
        <a href="/retention">What is kept, and for how long</a>
        <span>Can be changed while it runs:</span>
        {CHANGEABLE.map(([href, text]) => (
          <a href={href}>{text}</a>
        ))}
      </p>
      <Table head={['Option', 'Value', 'From', 'Default', 'Environment', 'Meaning']} caption="Options">
        <tbody>
          {rows.map((row) => (
            <tr id={row.name} class={row.value === row.default ? undefined : 'changed'}>
              <Cell label="Option">
                <code>{row.name}</code>
              </Cell>
              <Cell label="Value">
                {row.value === '' ? <Nothing /> : <Captured text={row.value} />} <span class="quiet">{row.unit}</span>
              </Cell>
              <Cell label="From">{row.source}</Cell>
              <Cell label="Default">{row.default === '' ? <Nothing /> : <Captured text={row.default} />}</Cell>
              <Cell label="Environment">
                <code>{row.env}</code>
              </Cell>
              <Cell label="Meaning">{row.doc}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}
