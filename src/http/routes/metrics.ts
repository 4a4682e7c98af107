import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { counterMetrics, type Metric, METRICS_TYPE, metricsText } from '../prometheus.ts';

/** `/metrics`: the counters, and what is to be known of the process, for Prometheus. */
export function metricsRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const config = { open: deps.settings.metricsOpen };
  app.get('/metrics', { schema: { hide: true }, config }, async (_request, reply) =>
    reply.type(METRICS_TYPE).send(metricsText([...counterMetrics(deps.counters()), ...processMetrics(deps)])),
  );
}

function processMetrics({ about, certificates, clock, engine }: HttpDeps): Metric[] {
  const { running, restarts } = engine.health();
  const { user, system } = process.cpuUsage();
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    type: 'gauge',
    help,
    samples: [{ value }],
  });
  const counter = (name: string, help: string, value: number): Metric => ({
    ...gauge(name, help, value),
    type: 'counter',
  });
  return [
    {
      name: 'sipcol_build_info',
      type: 'gauge',
      help: 'always 1, with what runs',
      samples: [
        {
          labels: [
            ['version', about.version],
            ['node', about.node],
          ],
          value: 1,
        },
      ],
    },
    gauge('sipcol_engine_running', '1 while all engine threads run', running ? 1 : 0),
    counter('sipcol_engine_restarts_total', 'engine threads replaced after a crash', restarts),
    {
      name: 'sipcol_certificate_valid_until_seconds',
      type: 'gauge',
      help: 'end of validity since the epoch, of the certificate a listener shows',
      samples: certificates
        .filter(({ use }) => use === 'own')
        .map(({ listener, validUntilUs }) => ({ labels: [['listener', listener]], value: validUntilUs / 1e6 })),
    },
    gauge('process_start_time_seconds', 'start of the process since the epoch', clock() / 1e6 - process.uptime()),
    counter('process_cpu_seconds_total', 'processor time of all threads', (user + system) / 1e6),
    gauge('process_resident_memory_bytes', 'memory of the process that is resident', process.memoryUsage.rss()),
  ];
}
