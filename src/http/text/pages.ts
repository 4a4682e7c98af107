import type { Dashboard, Figure } from '../dashboard.ts';
import type { AboutInfo, ConfigRow } from '../deps.ts';
import type { FormView } from '../schemas.ts';
import { formatNumber, visible } from '../show.ts';
import { unitText } from '../units.ts';
import { SITE_MAP } from '../site-map.ts';
import type { Summary } from '../views/home.tsx';
import { listenerText, roughly } from '../why.ts';
import { whyText } from './calls.ts';

export function homeText(summary: Summary, dashboard: Dashboard): string {
  const { health, ratesPerSecond: rates } = summary;
  const engine = health.running ? (health.ready ? 'running' : 'starting') : 'not running';
  return [
    `${summary.name} ${summary.version}`,
    `engine: ${engine}  up: ${roughly(summary.uptimeMs)}`,
    `calls: ${summary.calls}  agents: ${summary.agents}  events: ${summary.events}  received: ${summary.received}`,
    `per second: ${rates.packets.toFixed(1)} packets  ${rates.requests.toFixed(1)} requests  ${rates.replies.toFixed(1)} replies`,
    `listening: ${summary.listeners.map(listenerText).join(', ') || 'no'}`,
    whyText(summary.warnings),
    `over the last ${roughly(dashboard.spanMs)}:`,
    ...dashboard.figures.map(figureLine),
    '',
    ...pageLines(),
    '',
  ].join('\n');
}

const FIGURE_WIDTH = 20;

/** `ASR                  93.4 % of 123` */
function figureLine({ title, value, unit, of }: Figure): string {
  return `\t${title.padEnd(FIGURE_WIDTH)}${unitText(value, unit)}${of === null ? '' : ` of ${formatNumber(of)}`}`;
}

/** One page on each line, path first. */
export function pageLines(): string[] {
  const width = Math.max(...SITE_MAP.map((page) => page.path.length)) + 2;
  return SITE_MAP.map((page) => `${page.path.padEnd(width)}${page.title}`);
}

export function aboutText(about: AboutInfo): string {
  return [
    `${about.name} ${about.version}`,
    `node: ${about.node}`,
    `receive method: ${about.receiveMethod}`,
    '',
    'Dependencies:',
    ...about.dependencies.map(({ name, version, licence }) => `\t${name} ${version} (${licence})`),
    '',
  ].join('\n');
}

export function configText(rows: readonly ConfigRow[]): string {
  const lines = rows.map(
    (row) => `\t${row.name}: ${visible(row.value)}${row.source === 'default' ? '' : `\t(${row.source})`}`,
  );
  return `Config:\n${lines.join('\n')}\n`;
}

export function formText(form: FormView): string {
  return [
    `${form.action}?<field>=<value>&re=0|1&n=<most>&s=<start>`,
    '',
    ...form.parameters.map(({ name, description }) => `\t${name.padEnd(10)} ${description}`),
    '',
  ].join('\n');
}
