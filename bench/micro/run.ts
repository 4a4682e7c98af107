/** `npm run bench`: what one packet costs, stage by stage, in nanoseconds (medians), and what one call holds. */
import { printFigures } from '../support/measure.ts';
import { benchHep } from './hep.bench.ts';
import { benchIpfixDecoding, benchIpfixPipeline } from './ipfix.bench.ts';
import { benchMemory, benchPipeline, benchReference } from './pipeline.bench.ts';
import { benchSip } from './sip.bench.ts';

const ns = (figures: { name: string; nsPerOp: number }[]): { name: string; value: number; unit: 'ns' }[] =>
  figures.map(({ name, nsPerOp }) => ({ name, value: nsPerOp, unit: 'ns' }));

console.log(`Node.js ${process.version}, one thread, medians`);
printFigures('reference', [benchReference()]);
printFigures('decode, one packet again and again', ns(benchHep()));
printFigures('decode IPFIX, one set again and again', benchIpfixDecoding());
printFigures('parse, one message again and again', ns(benchSip()));
printFigures('traffic of overlapping calls, per packet', [...benchPipeline(), ...benchIpfixPipeline()]);
printFigures('memory', benchMemory());
