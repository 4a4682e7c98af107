import type { FastifyInstance } from 'fastify';
import type { AuditTrail } from '../access/audit.ts';
import type { HttpDeps } from '../deps.ts';
import { pagingOf } from '../params.ts';
import { AuditEntrySchema, listOf, PAGING_PARAMETERS } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { auditText } from '../text/audit.ts';
import { Audit } from '../views/audit.tsx';
import { addPage } from './page.ts';

export function auditRoutes(app: FastifyInstance, deps: HttpDeps, trail: AuditTrail): void {
  addPage(app, deps, {
    path: '/audit',
    summary: 'Who logged in, changed or exported what, newest first',
    tag: 'About',
    query: PAGING_PARAMETERS,
    schema: listOf(AuditEntrySchema),
    needs: 'admin',
    read(params) {
      const { offset, limit } = pagingOf(params);
      const { total, items } = trail.list(offset, limit);
      const page = { total, matched: total, offset, limit, items };
      return {
        title: 'Audit trail',
        data: withTimes(page),
        html: () => Audit({ page }),
        text: (zone) => auditText(page, zone),
      };
    },
  });
}
