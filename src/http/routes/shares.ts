import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { heldCalls, shareCall, sharedCalls, shareHref } from '../call-source.ts';
import type { HttpDeps } from '../deps.ts';
import { pagingOf } from '../params.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import type { Answer } from '../reply.ts';
import { listOf, PAGING_PARAMETERS, ShareFormSchema, ShareSchema } from '../schemas.ts';
import type { Share, Shares } from '../shares.ts';
import { withTimes } from '../show.ts';
import { shareFormText, sharesText } from '../text/shares.ts';
import { ShareForm, ShareList, ShareMade } from '../views/shares.tsx';
import { callFileRoutes, callPageRoutes } from './call.ts';
import { addPage } from './page.ts';

/** Short links to calls, which are kept for them: to make one, to follow it, and all there are. */
export function shareRoutes(app: FastifyInstance, deps: HttpDeps, shares: Shares): void {
  const held = heldCalls(deps);
  const shared = sharedCalls(shares);
  callPageRoutes(app, deps, shared);
  callFileRoutes(app, deps, shared);

  addPage(
    app,
    deps,
    {
      path: `${held.path}/share`,
      summary: 'What a short link to a call keeps of it; POST makes one',
      tag: 'Calls',
      place: held.place,
      schema: ShareFormSchema,
      async read(_params, _applied, place) {
        const { href, callId } = await held.find(place);
        const expiresUs = deps.clock() + deps.shareSettings.ageUs;
        return {
          title: 'Short link to a call',
          data: withTimes({ callId, expiresUs, isOn: shares.isOn }),
          html: () => ShareForm({ callId, href, expiresUs, isOn: shares.isOn }),
          text: () => shareFormText(shares.isOn),
        };
      },
    },
    {
      parameters: {},
      bare: true,
      schema: ShareSchema,
      apply: async (_params, { place, user }) => made(await shareCall(shares, await held.find(place), user)),
    },
  );

  addPage(
    app,
    deps,
    {
      path: '/shares',
      summary: 'Short links to calls, newest first',
      tag: 'Calls',
      query: PAGING_PARAMETERS,
      schema: listOf(ShareSchema),
      read(params, applied) {
        const { offset, limit } = pagingOf(params);
        const { total, items } = shares.list(offset, limit);
        const page = { total, matched: total, offset, limit, items };
        return {
          title: 'Short links to calls',
          data: withTimes(page),
          html: () => ShareList({ page, settings: deps.shareSettings, applied }),
          text: (zone) => sharesText(page, zone),
        };
      },
    },
    {
      parameters: { remove: Type.String({ description: 'Id of a link: the call is kept under it no longer' }) },
      async apply(params) {
        const id = params.text('remove');
        if (id === undefined) throw badParameter('remove', '', 'the id of a link');
        if (!(await shares.remove(id))) throw new HttpProblem(404, 'There is no link with this id (any more)');
        return 'The link is removed';
      },
    },
  );
}

function made(share: Share): Answer {
  return {
    title: 'Short link to a call',
    data: withTimes(share),
    html: () => ShareMade({ share }),
    text: () => `${shareHref(share)}\n`,
    status: 201,
    headers: { location: shareHref(share) },
  };
}
