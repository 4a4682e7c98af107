/**
 * `npm run bench`: what one packet costs, stage by stage, in nanoseconds (medians), and what one call holds.
 * `--json FILE` writes the figures.
 */
import { parseArgs } from 'node:util';
import { type Figure, printFigures, writeJson } from '../support/measure.ts';
import { benchHandover } from './handover.bench.ts';
import { benchHep } from './hep.bench.ts';
import { benchIpfixDecoding, benchIpfixPipeline } from './ipfix.bench.ts';
import { benchMemory, benchPipeline, benchReference } from './pipeline.bench.ts';
import { benchSip } from './sip.bench.ts';
import { benchSnapshot } from './snapshot.bench.ts';

const ns = (figures: { name: string; nsPerOp: number }[]): { name: string; value: number; unit: 'ns' }[] =>
  figures.map(({ name, nsPerOp }) => ({ name, value: nsPerOp, unit: 'ns' }));

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const all: Figure[] = [];
function report(title: string, figures: readonly Figure[]): void {
  printFigures(title, figures);
  all.push(...figures);
}

console.log(`Node.js ${process.version}, one thread, medians`);
report('reference', [benchReference()]);
report('decode, one packet again and again', ns(benchHep()));
report('decode IPFIX, one set again and again', benchIpfixDecoding());
report('parse, one message again and again', ns(benchSip()));
report('traffic of overlapping calls, per packet', [...benchPipeline(), ...benchIpfixPipeline(), ...benchHandover()]);
report('memory', benchMemory());
report('state of 100 000 calls', benchSnapshot());
if (values.json !== undefined) writeJson(values.json, all);
