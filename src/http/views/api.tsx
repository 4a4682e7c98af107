import type { VNode } from 'preact';
import type { ReferenceEntry, ReferenceField } from '../reference.ts';
import { Cell, Nothing, Table } from './parts.tsx';

/** All operations by tag; parameters and members of the answer fold out. */
export function ApiReference({ entries }: { entries: readonly ReferenceEntry[] }): VNode {
  const tags = [...new Set(entries.map(({ tag }) => tag))];
  return (
    <>
      <p>
        For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Every page answers as HTML, JSON or text,
        by <code>?format=</code> or <code>Accept</code>. GET changes nothing; POST needs the role admin. Errors are
        problem details (RFC 9457).
      </p>
      {tags.map((tag) => (
        <section class="reference">
          <h2>{tag}</h2>
          {entries.filter((entry) => entry.tag === tag).map(Entry)}
        </section>
      ))}
    </>
  );
}

function Entry({ id, method, path, summary, parameters, body, answer, forms }: ReferenceEntry): VNode {
  const isPage = method === 'GET' && !path.includes('{');
  return (
    <details id={id}>
      <summary>
        <code>
          {method} {path}
        </code>{' '}
        {summary}
      </summary>
      {isPage ? (
        <p>
          <a href={path}>Open it</a>; answers as {forms.join(', ')}
        </p>
      ) : undefined}
      <Fields title={`Parameters of ${method} ${path}`} fields={parameters} />
      <Fields title={`Body of ${method} ${path}`} fields={body} />
      <Fields title={`JSON of ${method} ${path}`} fields={answer} />
    </details>
  );
}

function Fields({ title, fields }: { title: string; fields: readonly ReferenceField[] }): VNode {
  if (fields.length === 0) return <></>;
  return (
    <>
      <h3>{title}</h3>
      <Table head={['Name', 'Type', 'Default', 'Meaning']} caption={title}>
        <tbody>
          {fields.map(({ name, type, fallback, required, text }) => (
            <tr>
              <Cell label="Name">
                <code>{name}</code> {required ? undefined : <span class="quiet">optional</span>}
              </Cell>
              <Cell label="Type">{type}</Cell>
              <Cell label="Default">{fallback === '' ? <Nothing /> : <code>{fallback}</code>}</Cell>
              <Cell label="Meaning">{text}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}
