import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { MessageDetail } from '../../model/views.ts';
import { quotedCallId } from '../call-source.ts';
import type { HttpDeps } from '../deps.ts';
import { flat } from '../decoded/branch.ts';
import { messageTree } from '../decoded/message.ts';
import { labelOf } from '../ladder/label.ts';
import { lineWarnings } from '../ladder/lint.ts';
import { masked, withoutSecrets } from '../ladder/mask.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import { MASK_PARAMETER, MessagePageSchema } from '../schemas.ts';
import { visible, withTimes } from '../show.ts';
import { messagePageText } from '../text/message.ts';
import { MessagePage } from '../views/message.tsx';
import { addPage } from './page.ts';

const PLACE = {
  callid: Type.String({ description: 'Call-ID, percent-encoded' }),
  id: Type.String({ description: 'Id of the message' }),
};

/** `/call/<callid>/message/<id>`: everything known of one message. */
export function messagePageRoute(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/call/:callid/message/:id',
    summary: 'One message of a call: its text, its parts, what it came in',
    tag: 'Calls',
    place: PLACE,
    query: MASK_PARAMETER,
    schema: MessagePageSchema,
    async read(params, _applied, { callid = '', id = '' }) {
      const isMasked = params.flag('mask');
      const found = await deps.engine.callMessage(callid, messageId('id', id));
      if (found === undefined) {
        throw new HttpProblem(
          404,
          `No message ${id} is held of a call with the Call-ID ${quotedCallId(callid)}: it was never there, or gave way to newer ones (keep_messages, keep_messages_mem)`,
        );
      }
      const detail = isMasked ? maskedDetail(found) : found;
      const { message, octets, envelope } = detail;
      const tree = messageTree(octets, lineWarnings(message));
      return {
        title: `Message ${visible(labelOf(message))}`,
        data: withTimes({ message, envelope, parts: flat(tree) }),
        html: () => MessagePage({ detail, tree }),
        text: (zone) => messagePageText(detail, tree, zone),
      };
    },
  });
}

function maskedDetail({ message, octets, envelope }: MessageDetail): MessageDetail {
  return { message: withoutSecrets(message), octets: masked(octets), envelope };
}

export function messageId(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badParameter(name, text, 'the id of a message');
  return Number(text);
}
