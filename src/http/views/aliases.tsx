import type { VNode } from 'preact';
import { quotedWord } from '../../model/search/ast.ts';
import type { AliasView, Page } from '../../model/views.ts';
import { link } from '../show.ts';
import { Applied, Captured, CapturedLink, Cell, Nothing, Pager, Table } from './parts.tsx';

/** The lines that names come from. */
export interface AliasText {
  path: string;
  text: string;
  /** Tells these lines from others. */
  was: string;
  /** Why they cannot be shown. */
  problem: string | undefined;
}

interface Given {
  page: Page<AliasView>;
  /** None: nothing can be changed here. */
  file: AliasText | undefined;
  applied: string | undefined;
}

export function AliasPage({ page, file, applied }: Given): VNode {
  return (
    <>
      <Applied what={applied} />
      <AliasList page={page} />
      {file === undefined ? undefined : <AliasForm file={file} />}
    </>
  );
}

/** Which name stands for which addresses; where networks overlap, what stands above decides. */
function AliasList({ page }: { page: Page<AliasView> }): VNode {
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

function AliasForm({ file }: { file: AliasText }): VNode {
  if (file.problem !== undefined) {
    return (
      <p role="alert">
        <code>{file.path}</code> cannot be read: <Captured text={file.problem} />
      </p>
    );
  }
  return (
    <section aria-labelledby="alias-file">
      <h2 id="alias-file">
        Lines of <code>{file.path}</code>
      </h2>
      <p>
        One for each: <code>192.0.2.10=SBC Frankfurt;ours</code>, <code>198.51.100.0/24:5080=Telecom fax</code>. What
        follows <code>;</code> is the group. Lines that begin with <code>#</code> are left alone.
      </p>
      <form method="post" action="/aliases">
        <textarea name="text" rows={12} cols={80} spellcheck={false} aria-labelledby="alias-file">
          {file.text}
        </textarea>
        <input type="hidden" name="was" value={file.was} />
        <p>
          <button type="submit">Use these</button>
        </p>
      </form>
    </section>
  );
}

function CallsOf({ name }: { name: string }): VNode {
  return <CapturedLink text={name} href={link('/calls/list', { q: `alias:${quotedWord(name)}` })} />;
}
