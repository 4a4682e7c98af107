import type { FastifyInstance } from 'fastify';
import { accountsOf } from '../access/accounts.ts';
import type { HttpDeps } from '../deps.ts';
import { AccountSchema, listOf, wholeList } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { accountsText } from '../text/accounts.ts';
import { Accounts } from '../views/accounts.tsx';
import { addPage } from './page.ts';

/** `/access`: who may use the pages, and until when. */
export function accountRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const accounts = accountsOf(deps.settings);
  addPage(app, deps, {
    path: '/access',
    summary: 'Who may use the pages and the API, in which role, and until when',
    tag: 'About',
    schema: listOf(AccountSchema),
    needs: 'admin',
    read() {
      const nowUs = deps.clock();
      return {
        title: 'Access',
        data: withTimes(wholeList(accounts)),
        html: () => Accounts({ accounts, nowUs }),
        text: (zone) => accountsText(accounts, nowUs, zone),
      };
    },
  });
}
