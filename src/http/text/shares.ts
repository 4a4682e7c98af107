import type { Page } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { shareHref } from '../call-source.ts';
import type { Share } from '../shares.ts';
import { quoted, textTime, visible } from '../show.ts';

export function shareFormText(isOn: boolean): string {
  return isOn ? 'POST here keeps the call under a short link\n' : 'Calls are not shared here: share_max is 0\n';
}

export function sharesText({ items }: Page<Share>, zone: Zone): string {
  if (items.length === 0) return 'No call is shared.\n';
  return items
    .map((share) => {
      const { callId, by, createdUs, expiresUs, messages, bytes } = share;
      const times = `since ${textTime(createdUs, zone)} until ${textTime(expiresUs, zone)}`;
      return `${shareHref(share)} ${visible(callId)} ${messages} messages ${bytes} octets ${times} by ${quoted(by)}\n`;
    })
    .join('');
}
