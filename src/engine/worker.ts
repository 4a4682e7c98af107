import { parentPort, workerData } from 'node:worker_threads';
import { CounterSet } from '../model/counters.ts';
import { EngineRequestError } from '../model/engine.ts';
import type { Log } from '../model/log.ts';
import { systemClock } from './clock.ts';
import { EngineCore } from './engine-core.ts';
import type { EngineRequest, FromEngine, LogLevel, ToEngine, WorkerStart } from './protocol.ts';
import { cpuProfileOfThread, heapSnapshotOfThread } from './thread-diagnosis.ts';
import { tuneForPackets } from './v8-options.ts';

/** Entry point of an engine thread: an `EngineCore` and its end of the conversation in protocol.ts. */
if (parentPort === null) throw new Error('engine/worker.ts runs as a worker thread only');
tuneForPackets();
const port = parentPort;
// The client that started this thread passed exactly this.
const start = workerData as WorkerStart;

function send(message: FromEngine): void {
  port.postMessage(message);
}

function logAt(level: LogLevel): (fields: object, message: string) => void {
  return (fields, message) => send({ type: 'log', level, fields, message });
}
const log: Log = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };

const heartbeat = new Float64Array(start.heartbeatMemory);
const core = new EngineCore(start.settings, new CounterSet(start.counterMemory), systemClock(), log, start.place);

/** By request: what goes on when its part has been taken. */
const waiting = new Map<number, () => void>();

async function answer(request: EngineRequest): Promise<unknown> {
  const emit = async (items: unknown[]): Promise<void> => {
    if (items.length === 0) return;
    const taken = new Promise<void>((resolve) => waiting.set(request.id, resolve));
    send({ type: 'part', id: request.id, items });
    await taken;
  };
  switch (request.method) {
    case 'listCalls':
      return core.listCalls(...request.args, emit);
    case 'callSummary':
      return core.callSummary(...request.args);
    case 'callsByCallId':
      return core.callsByCallId(...request.args);
    case 'callMessages':
      return core.callMessages(...request.args);
    case 'callMessage':
      return core.callMessage(...request.args);
    case 'callCapture':
      return core.callCapture(...request.args);
    case 'listMessages':
      return core.listMessages(...request.args, emit);
    case 'callTable':
      return core.callTable();
    case 'kept':
      return core.kept();
    case 'callTimeouts':
      return core.callTimeouts();
    case 'setCallTimeouts':
      return core.setCallTimeouts(...request.args);
    case 'listRegistrations':
      return core.listRegistrations(...request.args, emit);
    case 'registrationTable':
      return core.registrationTable();
    case 'registrationSettings':
      return core.registrationSettings();
    case 'setRegistrationSettings':
      return core.setRegistrationSettings(...request.args);
    case 'listEvents':
      return core.listEvents(...request.args, emit);
    case 'topTalkers':
      return core.topTalkers(...request.args);
    case 'eventBlacklist':
      return core.eventBlacklist();
    case 'setEventBlacklist':
      return core.setEventBlacklist(...request.args);
    case 'listLinks':
      return core.listLinks(...request.args);
    case 'listRates':
      return core.listRates(...request.args, emit);
    case 'rateTable':
      return core.rateTable();
    case 'rateSettings':
      return core.rateSettings(...request.args);
    case 'setRateSettings':
      return core.setRateSettings(...request.args);
    case 'forceRateGc':
      return core.forceRateGc(...request.args);
    case 'forceTimeout':
      return core.forceTimeout(...request.args);
    case 'tcpTimeouts':
      return core.tcpTimeouts();
    case 'setTcpTimeouts':
      return core.setTcpTimeouts(...request.args);
    case 'inject':
      return core.inject(...request.args);
    case 'listAgents':
      return core.listAgents(...request.args);
    case 'listProbes':
      return core.listProbes(...request.args);
    case 'listeners':
      return core.listeners();
    case 'stop':
      return core.stop(...request.args);
    case 'stopInput':
      return core.stopInput(...request.args);
    case 'drain':
      return core.drain();
    case 'endCalls':
      return core.endCalls(...request.args);
    case 'end':
      return core.end();
    case 'order':
      return core.order(...request.args);
    case 'pastLegs':
      return core.pastLegs(...request.args);
    case 'joins':
      return core.joins(...request.args);
    case 'neighbours':
      return core.neighbours(...request.args);
    case 'messagesOf':
      return core.messagesOf(...request.args);
    case 'allLinks':
      return core.allLinks(...request.args);
    case 'keptMessages':
      return core.keptMessages(...request.args);
    case 'ownerOf':
      return core.ownerOf(...request.args);
    case 'outcomes':
      return core.outcomes();
    case 'cpuProfile':
      return cpuProfileOfThread(...request.args);
    case 'heapSnapshot':
      return heapSnapshotOfThread(...request.args);
  }
}

port.on('message', (request: ToEngine) => {
  if ('taken' in request) {
    waiting.get(request.taken)?.();
    waiting.delete(request.taken);
    return;
  }
  answer(request).then(
    (result) => send({ type: 'result', id: request.id, result }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      send({ type: 'error', id: request.id, message, refused: error instanceof EngineRequestError });
    },
  );
});

try {
  const listeners = await core.start(() => {
    heartbeat[0] = Date.now();
  }, start.restore);
  heartbeat[0] = Date.now();
  send({ type: 'ready', listeners });
  void core.playing?.then((summary) => send({ type: 'played', summary }));
} catch (error) {
  send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  port.close();
}
