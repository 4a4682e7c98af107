import type { Zone } from '../../model/zone.ts';
import type { Account } from '../access/accounts.ts';
import { textTime, visible } from '../show.ts';

export function accountsText(accounts: readonly Account[], nowUs: number, zone: Zone): string {
  if (accounts.length === 0) return 'Nobody: there are neither users nor tokens\n';
  return accounts.map((account) => `${line(account, nowUs, zone)}\n`).join('');
}

function line({ kind, name, role, by, untilUs }: Account, nowUs: number, zone: Zone): string {
  const until = untilUs === null ? '' : ` until ${textTime(untilUs, zone)}${untilUs <= nowUs ? ' (over)' : ''}`;
  return `${kind.padEnd(10)} ${visible(name)}: ${role}${until} by ${visible(by)}`;
}
