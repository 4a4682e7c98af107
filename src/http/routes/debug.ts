import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { LOG_LEVELS_EXPECTED, logLevelName, parseLogLevel } from '../../model/log.ts';
import type { HttpDeps } from '../deps.ts';
import { badParameter } from '../problem.ts';
import { CallTableSchema, ForcedTimeoutSchema, LogLevelSchema } from '../schemas.ts';
import { callTableText } from '../text/calls.ts';
import { forcedTimeoutText } from '../text/debug.ts';
import { ForcedTimeout, ForceTimeoutForm, LogLevel } from '../views/debug.tsx';
import { addPage } from './page.ts';

/** One tick of the timers. */
const DEFAULT_TIMEOUT_MS = 100;

export function debugRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine, logLevel } = deps;
  const tag = 'Process';

  addPage(
    app,
    deps,
    {
      path: '/debug/options',
      summary: 'Log level',
      tag,
      schema: LogLevelSchema,
      read(_params, applied) {
        const level = logLevelName(logLevel.get());
        return {
          title: 'Debug options',
          data: { log_level: level },
          html: () => LogLevel({ level, applied }),
          text: () => `log_level: ${level}\n`,
        };
      },
    },
    {
      parameters: { log_level: Type.Optional(Type.String({ description: LOG_LEVELS_EXPECTED })) },
      async apply(params) {
        const text = params.text('log_level') ?? '';
        const level = parseLogLevel(text);
        if (level === undefined) throw badParameter('log_level', text, LOG_LEVELS_EXPECTED);
        logLevel.set(level);
        deps.log.warn({ log_level: logLevelName(level) }, 'log level changed');
        return `log_level = ${logLevelName(level)}`;
      },
    },
  );

  addPage(
    app,
    deps,
    {
      path: '/debug/forcetimeout',
      summary: 'Shorten what remains of every call',
      tag,
      schema: CallTableSchema,
      async read() {
        const table = await engine.callTable();
        return {
          title: 'End calls early',
          data: table,
          html: () => ForceTimeoutForm({ calls: table.calls }),
          text: () => `POST with timeout=<duration, default 100ms>; now\n${callTableText(table)}`,
        };
      },
    },
    {
      parameters: {
        timeout: Type.Optional(
          Type.String({ default: '100ms', description: 'What remains of every call at most, such as 200ms' }),
        ),
      },
      bare: true,
      schema: ForcedTimeoutSchema,
      async apply(params) {
        const forced = await engine.forceTimeout(params.durationMs('timeout') ?? DEFAULT_TIMEOUT_MS);
        deps.log.warn({ timeoutMs: forced.timeoutMs, calls: forced.forced }, 'calls are ended early');
        return {
          title: 'End calls early',
          data: forced,
          html: () => ForcedTimeout({ forced }),
          text: () => forcedTimeoutText(forced),
        };
      },
    },
  );
}
