import type { Page } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import type { AuditEntry } from '../access/audit.ts';
import { quoted, textTime, visible } from '../show.ts';

export function auditText({ items }: Page<AuditEntry>, zone: Zone): string {
  if (items.length === 0) return 'Nobody has logged in, changed or exported anything yet.\n';
  return items.map((entry) => `${line(entry, zone)}\n`).join('');
}

function line({ atUs, action, user, via, address, target, parameters }: AuditEntry, zone: Zone): string {
  const by = `${quoted(user)} (${via}) at ${visible(address)}`;
  return `${textTime(atUs, zone)} ${action} by ${by}: ${visible(target)}${parameters === '' ? '' : ` ${visible(parameters)}`}`;
}
