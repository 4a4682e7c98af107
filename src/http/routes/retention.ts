import type { FastifyInstance } from 'fastify';
import { SERIES_SPANS_MS } from '../../model/statistics.ts';
import type { AuditTrail } from '../access/audit.ts';
import type { HttpDeps } from '../deps.ts';
import { retentionOf } from '../retention.ts';
import { listOf, RetentionSchema, wholeList } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { retentionText } from '../text/retention.ts';
import { RetentionPage } from '../views/retention.tsx';
import { addPage } from './page.ts';

/** Rates are over the shortest window there is. */
const RATE_SPAN_MS = Math.min(...SERIES_SPANS_MS);

/** `/retention`: what is held of each kind, and for how long at this rate. */
export function retentionRoutes(app: FastifyInstance, deps: HttpDeps, trail: AuditTrail): void {
  const { engine, series, settings } = deps;
  addPage(app, deps, {
    path: '/retention',
    summary: 'What is kept of each kind, how much, and for how long at this rate',
    tag: 'About',
    schema: listOf(RetentionSchema),
    async read() {
      const [kept, calls, registrations, rates] = await Promise.all([
        engine.kept(),
        engine.callTable(),
        engine.registrationTable(),
        engine.rateTable(),
      ]);
      const audit = { held: trail.held, most: settings.auditEntries, oldestUs: trail.oldestUs };
      const rows = retentionOf({ kept, calls, registrations, rates, audit }, series.window(RATE_SPAN_MS));
      const nowUs = deps.clock();
      return {
        title: 'What is kept',
        data: withTimes(wholeList(rows)),
        html: () => RetentionPage({ rows, nowUs }),
        text: (zone) => retentionText(rows, nowUs, zone),
      };
    },
  });
}
