import type { FastifyInstance } from 'fastify';
import { LINK_ORDERS, type LinkPage, type LinkQuery, MAX_LINK_DEPTH } from '../../model/engine.ts';
import type { CsvTable } from '../csv.ts';
import type { HttpDeps } from '../deps.ts';
import { pagingOf, type Params } from '../params.ts';
import { LINK_LIST_PARAMETERS, LinkListSchema } from '../schemas.ts';
import { tableTime, zoneMark } from '../show.ts';
import { linksText } from '../text/links.ts';
import { LinkList } from '../views/links.tsx';
import { gatherFacts, whyNoLinks } from '../why.ts';
import { addPage } from './page.ts';

export function linkRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/links',
    summary: 'Messages by server, transport, port and client',
    tag: 'Statistics',
    query: LINK_LIST_PARAMETERS,
    schema: LinkListSchema,
    csv: linkTable,
    async read(params) {
      const query = queryOf(params);
      const page = await deps.engine.listLinks(query);
      const why = page.items.length === 0 ? whyNoLinks(await gatherFacts(deps), page) : [];
      const nowUs = deps.clock();
      return {
        title: 'Links',
        data: { ...page, ...(why.length === 0 ? {} : { why }) },
        html: () => LinkList({ page, query, why }),
        text: (zone) =>
          linksText(page, deps.about.name, `${tableTime(nowUs, zone).slice(0, 19)} ${zoneMark(nowUs, zone)}`, why),
      };
    },
  });
}

/** A row for each count of a link, as sipcounter has a column for each. */
function linkTable(data: unknown): CsvTable {
  const { items } = data as LinkPage; // what `read` gave
  const columns = ['server', 'transport', 'serverPort', 'client', 'type', 'out', 'in', 'unknown'];
  const rows = items.flatMap(({ server, transport, serverPort, client, counts }) =>
    counts.map((count) => [server, transport, serverPort, client, count.type, count.out, count.in, count.unknown]),
  );
  return { columns, rows };
}

function queryOf(params: Params): LinkQuery {
  const listed = (name: string): string[] =>
    params.texts(name).flatMap((text) => text.split(/[,|\s]+/).filter(Boolean));
  return {
    ...pagingOf(params),
    hosts: listed('host_filter'),
    excludedHosts: listed('host_exclude'),
    types: listed('sip_filter'),
    greedy: !params.has('greedy') || params.flag('greedy'),
    depth: params.integer(['depth'], 1, MAX_LINK_DEPTH, MAX_LINK_DEPTH),
    order: params.choice('order', LINK_ORDERS) ?? 'name',
  };
}
