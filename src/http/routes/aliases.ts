import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AliasTextFault } from '../../model/alias.ts';
import type { HttpDeps } from '../deps.ts';
import { pagingOf } from '../params.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import { AliasSchema, listOf, PAGING_PARAMETERS } from '../schemas.ts';
import { aliasesText } from '../text/aliases.ts';
import { AliasPage, type AliasText } from '../views/aliases.tsx';
import { addPage } from './page.ts';

/** `/aliases`: which name stands for which addresses; and the lines of the file that says so, to be changed. */
export function aliasRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { aliases, aliasStore: store } = deps;

  /** The lines of the file, or why they cannot be shown. */
  const readFile = async (): Promise<AliasText | undefined> => {
    if (store.path === '') return undefined;
    try {
      const text = await store.read();
      return { path: store.path, text, was: digest(text), problem: undefined };
    } catch (error) {
      return { path: store.path, text: '', was: '', problem: String(error) };
    }
  };

  addPage(
    app,
    deps,
    {
      path: '/aliases',
      summary: 'Names of addresses, the most precise first',
      tag: 'About',
      query: PAGING_PARAMETERS,
      schema: listOf(AliasSchema),
      async read(params, applied) {
        const { offset, limit } = pagingOf(params);
        const { all } = aliases;
        const items = all.slice(offset, offset + limit).map(({ network, port, name, group }) => ({
          name,
          group,
          network: network.text,
          port: port ?? null,
        }));
        const page = { total: all.length, matched: all.length, offset, limit, items };
        const file = await readFile();
        return {
          title: 'Aliases',
          data: page,
          html: () => AliasPage({ page, file, applied }),
          text: () => aliasesText(page),
        };
      },
    },
    {
      parameters: {
        text: Type.String({ description: 'All lines of aliases_file: address=name or address=name;group' }),
        was: Type.Optional(
          Type.String({ description: 'SHA-256 of the lines they are made of: if there are others now, it is refused' }),
        ),
      },
      async apply(params) {
        const text = params.text('text');
        if (text === undefined) throw badParameter('text', '', 'all lines of the file');
        if (store.path === '') throw new HttpProblem(409, 'Nothing can be changed: aliases_file names no file');
        const was = params.text('was') ?? '';
        if (was !== '' && digest(await store.read()) !== was) {
          throw new HttpProblem(409, `${store.path} was changed since you opened it: look at it again, then change it`);
        }
        try {
          await store.write(text);
        } catch (error) {
          if (error instanceof AliasTextFault) throw new HttpProblem(400, `Parameter "text": ${error.message}`);
          throw new HttpProblem(409, `${store.path} cannot be written: ${String(error)}`);
        }
        return `${aliases.all.length} aliases`;
      },
    },
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
