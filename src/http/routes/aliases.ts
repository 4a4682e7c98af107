import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { pagingOf } from '../params.ts';
import { AliasSchema, listOf, PAGING_PARAMETERS } from '../schemas.ts';
import { aliasesText } from '../text/aliases.ts';
import { AliasList } from '../views/aliases.tsx';
import { addPage } from './page.ts';

/** `/aliases`: which name stands for which addresses. */
export function aliasRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/aliases',
    summary: 'Names of addresses, the most precise first',
    tag: 'About',
    query: PAGING_PARAMETERS,
    schema: listOf(AliasSchema),
    read(params) {
      const { offset, limit } = pagingOf(params);
      const { all } = deps.aliases;
      const items = all.slice(offset, offset + limit).map(({ network, port, name, group }) => ({
        name,
        group,
        network: network.text,
        port: port ?? null,
      }));
      const page = { total: all.length, matched: all.length, offset, limit, items };
      return {
        title: 'Aliases',
        data: page,
        html: () => AliasList({ page }),
        text: () => aliasesText(page),
      };
    },
  });
}
