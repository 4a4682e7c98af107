import type { FastifyInstance } from 'fastify';
import { displayText } from '../../model/text.ts';
import { flat } from '../decoded/branch.ts';
import { messageTree } from '../decoded/message.ts';
import type { HttpDeps } from '../deps.ts';
import { warningsOf } from '../ladder/lint.ts';
import { MESSAGE_FORMATS, messageOctets } from '../message-format.ts';
import type { Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import {
  FormSchema,
  formView,
  INJECT_PARAMETERS,
  INJECT_TRANSPORTS,
  InjectedSchema,
  listOf,
  TCP_TIMEOUT_PARAMETERS,
  TcpTimeoutSchema,
  wholeList,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { injectedText, tcpTimeoutsText } from '../text/packets.ts';
import { formText } from '../text/pages.ts';
import { EMPTY_INJECTION, Injected, InjectForm, TcpTimeouts } from '../views/packets.tsx';
import { addPage } from './page.ts';

/** Pages about packets seen here: captured TCP, and messages typed in. */
export function packetRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  const tag = 'Packets';

  addPage(
    app,
    deps,
    {
      path: '/tcp/timeouts',
      summary: 'Time-outs of captured TCP',
      tag,
      schema: listOf(TcpTimeoutSchema),
      async read(_params, applied) {
        const timeouts = await engine.tcpTimeouts();
        return {
          title: 'TCP time-outs',
          data: wholeList(timeouts),
          html: () => TcpTimeouts({ timeouts, applied }),
          text: () => tcpTimeoutsText(timeouts),
        };
      },
    },
    {
      parameters: TCP_TIMEOUT_PARAMETERS,
      async apply(params) {
        await engine.setTcpTimeouts(
          Object.fromEntries(params.names.map((name) => [name, params.durationMs(name) ?? 0])),
        );
        return params.names.map((name) => `${name} = ${params.text(name)}`).join(', ');
      },
    },
  );

  addPage(
    app,
    deps,
    {
      path: '/inject',
      summary: 'Form to inject a SIP message',
      tag,
      schema: FormSchema,
      read() {
        const form = formView('/inject', Object.keys(INJECT_PARAMETERS), INJECT_PARAMETERS);
        return {
          title: 'Inject a message',
          data: form,
          html: () => InjectForm({ fields: EMPTY_INJECTION }),
          text: () => `POST with these, the message at least\n${formText(form)}`,
        };
      },
    },
    {
      parameters: INJECT_PARAMETERS,
      schema: InjectedSchema,
      async apply(params) {
        const text = params.text('sipmsg') ?? '';
        const fields = {
          sipmsg: text,
          crlfformat: params.choice('crlfformat', MESSAGE_FORMATS) ?? 'auto',
          proto: params.choice('proto', INJECT_TRANSPORTS) ?? 'udp',
          src: orDefault(params, 'src'),
          dst: orDefault(params, 'dst'),
          verbose: params.choice('verbose', ['no', 'yes']) === 'yes',
        };
        if (text === '') throw badParameter('sipmsg', text, 'a SIP message');
        const octets = messageOctets(text, fields.crlfformat);
        if (octets === undefined) {
          throw badParameter(
            'crlfformat',
            'auto',
            `one of ${MESSAGE_FORMATS.slice(1).join(', ')}: the format of this message cannot be told, it is too short or invalid`,
          );
        }
        const { proto: transport, src, dst } = fields;
        const injected = await engine.inject({ octets, transport, src, dst });
        deps.log.warn({ callId: injected.callId, outcome: injected.outcome }, 'a message was injected');
        const latin1 = octets.toString('latin1');
        const tree = messageTree(latin1, warningsOf(latin1));
        const data = { ...injected, message: displayText(latin1), parts: flat(tree) };
        return {
          title: 'Inject a message',
          data: withTimes(data),
          html: () => Injected({ injected: data, tree, fields }),
          text: () => injectedText(data, fields.verbose ? tree : undefined),
        };
      },
    },
  );
}

function orDefault(params: Params, name: 'src' | 'dst'): string {
  const text = params.text(name) ?? '';
  return text === '' ? EMPTY_INJECTION[name] : text;
}
