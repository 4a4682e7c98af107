import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DiagnosisRefused, type DiagnosisView, MAX_PROFILE_S } from '../../model/diagnosis.ts';
import type { HttpDeps } from '../deps.ts';
import type { Params } from '../params.ts';
import { HttpProblem } from '../problem.ts';
import type { Answer } from '../reply.ts';
import { DiagnosisFileSchema, DiagnosisSchema } from '../schemas.ts';
import { diagnosisFileText, diagnosisText } from '../text/debug.ts';
import { CpuForm, DiagnosisFile, HeapForm } from '../views/diagnosis.tsx';
import { addPage } from './page.ts';

const DEFAULT_PROFILE_S = 10;

/** `/debug/cpu` and `/debug/heap`: what a thread is busy with, and what it holds. */
export function diagnosisRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { diagnosis } = deps;
  const { directory, threads } = diagnosis;
  const thread = Type.Optional(
    Type.String({ description: `One of: ${threads.join(', ')}. Default ${usual(threads)}` }),
  );
  const threadOf = (params: Params): string => params.choice('thread', threads) ?? usual(threads);

  const write = async (title: string, work: () => Promise<DiagnosisView>): Promise<Answer> => {
    if (directory === '') throw new HttpProblem(409, 'Nothing is written: debug_dir names no directory');
    try {
      const file = await work();
      deps.log.warn(file, `written: ${title}`);
      return {
        title,
        data: file,
        html: () => DiagnosisFile({ file }),
        text: () => diagnosisFileText(file),
      };
    } catch (error) {
      throw error instanceof DiagnosisRefused ? new HttpProblem(409, error.message) : error;
    }
  };

  addPage(
    app,
    deps,
    {
      path: '/debug/cpu',
      summary: 'CPU profile of a thread',
      tag: 'Process',
      schema: DiagnosisSchema,
      read: () => ({
        title: 'CPU profile',
        data: { directory, threads },
        html: () => CpuForm({ directory, threads, thread: usual(threads), seconds: DEFAULT_PROFILE_S }),
        text: () => `POST with thread=, seconds=1 to ${MAX_PROFILE_S}\n${diagnosisText(diagnosis)}`,
      }),
    },
    {
      parameters: {
        thread,
        seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PROFILE_S, default: DEFAULT_PROFILE_S })),
      },
      bare: true,
      schema: DiagnosisFileSchema,
      apply: (params) => {
        const name = threadOf(params);
        const seconds = params.integer(['seconds'], 1, MAX_PROFILE_S, DEFAULT_PROFILE_S);
        return write('CPU profile', () => diagnosis.cpuProfile(name, seconds));
      },
    },
  );

  addPage(
    app,
    deps,
    {
      path: '/debug/heap',
      summary: 'Heap snapshot of a thread',
      tag: 'Process',
      schema: DiagnosisSchema,
      read: () => ({
        title: 'Heap snapshot',
        data: { directory, threads },
        html: () => HeapForm({ directory, threads, thread: usual(threads) }),
        text: () => `POST with thread=\n${diagnosisText(diagnosis)}`,
      }),
    },
    {
      parameters: { thread },
      bare: true,
      schema: DiagnosisFileSchema,
      apply: (params) => {
        const name = threadOf(params);
        return write('Heap snapshot', () => diagnosis.heapSnapshot(name));
      },
    },
  );
}

/** An engine thread does what costs most. */
function usual(threads: readonly string[]): string {
  return threads[1] ?? threads[0] ?? '';
}
