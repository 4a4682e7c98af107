import { formatDuration } from '../../model/duration.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { RegistrationSettingsView, RegistrationTableStats, TextFilter } from '../../model/engine.ts';
import type { Page, RegistrationView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import type { Pieces } from '../pieces.ts';
import { quoted, textTime, visible } from '../show.ts';
import type { Hint } from '../why.ts';
import { filterText, whyText } from './calls.ts';

export function* registrationListText(
  page: Page<RegistrationView>,
  filter: TextFilter<string> | undefined,
  why: readonly Hint[],
  zone: Zone,
): Pieces {
  yield `Reg Bindings List (filter: ${filterText(page, filter)}):\n`;
  for (const [at, binding] of page.items.entries()) yield bindingLine(binding, page.offset + at, zone);
  yield whyText(why);
}

/** Everything of one binding on one line. */
function bindingLine(binding: RegistrationView, index: number, zone: Zone): string {
  const { src, dst } = binding;
  const words = [
    `${String(index).padStart(6)}. REG Binding: ${quoted(binding.aor)} -> ${quoted(binding.contact)}`,
    `state: ${binding.state} expire: ${formatDuration(binding.expiresInMs)} refreshes: ${binding.refreshes}`,
    `call-id: ${quoted(binding.callId)} from: ${quoted(binding.from)} ua: ${quoted(binding.userAgent)}`,
    `${visible(binding.transport)} ${visible(formatEndpoint(src.ip, src.port))} -> ${visible(formatEndpoint(dst.ip, dst.port))}`,
    `created: ${binding.createdUs === 0 ? 'unknown' : textTime(binding.createdUs, zone)} updated: ${textTime(binding.updatedUs, zone)}`,
    `agents: ${binding.agents.map(visible).join(', ')}`,
  ];
  return `${words.join(' ')}\n`;
}

export function registrationTableText(table: RegistrationTableStats): string {
  const { bindings, bytes, maxEntries, maxBytes } = table;
  const chains = `Max:${table.longestChain} Min:${table.shortestChain} Buckets:${table.buckets}`;
  const used = (part: number, most: number): string =>
    most === 0 ? '(unlimited)' : `(${((part / most) * 100).toFixed(1)}% used)`;
  return [
    `Reg Bindings Hash Stats: {Total:${table.created} Crt:${bindings} ${chains}}`,
    `Limits: ${maxEntries} entries ${used(bindings, maxEntries)} ${kb(maxBytes)} Kb memory ${used(bytes, maxBytes)}, ${table.maxContacts} bindings of one address-of-record. Refused: ${table.refused}`,
    '',
    'Memory Stats:',
    `\tTotalSize: ${bytes}`,
    '',
  ].join('\n');
}

const kb = (bytes: number): number => Math.round(bytes / 1024);

export function registrationSettingsText(settings: {
  now: RegistrationSettingsView;
  configured: RegistrationSettingsView;
}): string {
  const { now, configured } = settings;
  return [
    `reg_exp_delta      : ${now.regExpDeltaS}s\tconfigured: ${configured.regExpDeltaS}s`,
    `reg_del_delay      : ${now.regDelDelayS}s\tconfigured: ${configured.regDelDelayS}s`,
    `contact_ignore_port: ${now.contactIgnorePort}\tconfigured: ${configured.contactIgnorePort}`,
    '',
  ].join('\n');
}
