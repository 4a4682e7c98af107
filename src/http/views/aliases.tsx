import type { VNode } from 'preact';
import { quotedWord } from '../../model/search/ast.ts';
import type { AliasView, Page } from '../../model/views.ts';
import { link } from '../show.ts';
import { Captured, CapturedLink, Cell, Nothing, Pager, Table } from './parts.tsx';

/** Which name stands for which addresses; where networks overlap, what stands above decides. */
export function AliasList({ page }: { page: Page<AliasView> }): VNode {
  if (page.items.length === 0) {
    return (
      <p>
        No aliases are set: see <code>aliases</code> and <code>aliases_file</code> in the{' '}
        <a href="/about/config">settings</a>.
      </p>
    );
  }
  return (
    <>
      <p>Where networks overlap, the name that stands above is used.</p>
      <Table head={['Name', 'Group', 'Addresses', 'Port']} caption="Aliases">
        <tbody>
          {page.items.map(({ name, group, network, port }) => (
            <tr>
              <Cell label="Name">
                <CallsOf name={name} />
              </Cell>
              <Cell label="Group">
                <CallsOf name={group} />
              </Cell>
              <Cell label="Addresses">
                <Captured text={network} />
              </Cell>
              <Cell label="Port">{port ?? <Nothing />}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
      <Pager page={page} path="/aliases" parameters={{}} />
    </>
  );
}

function CallsOf({ name }: { name: string }): VNode {
  return <CapturedLink text={name} href={link('/calls/list', { q: `alias:${quotedWord(name)}` })} />;
}
