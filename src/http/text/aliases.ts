import type { AliasView, Page } from '../../model/views.ts';
import { quoted } from '../show.ts';

export function aliasesText({ items }: Page<AliasView>): string {
  if (items.length === 0) return 'No aliases are set: see aliases and aliases_file.\n';
  return items
    .map(({ network, port, name, group }) => {
      const where = port === null ? network : `${network} port ${port}`;
      return `${where} ${quoted(name)}${group === '' ? '' : ` group ${quoted(group)}`}\n`;
    })
    .join('');
}
