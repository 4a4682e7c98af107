import type { EnvelopeFieldView, EnvelopeView, MessageDetail } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { chunkType } from '../chunk-type.ts';
import { octetsText, quoted } from '../show.ts';
import { messageLines } from './call.ts';

/** One message: `#` lines say what it came in, then its text as the text of a call has it. */
export function messagePageText({ message, envelope }: MessageDetail, zone: Zone): string {
  const lines = envelope === null ? ['# no envelope'] : envelopeLines(envelope);
  return `${[...lines, '', ...messageLines(message, zone)].join('\n')}\n`;
}

function envelopeLines({ protocol, fields, isCut, notes }: EnvelopeView): string[] {
  return [
    `# ${protocol}`,
    ...fields.map((field) => `# ${fieldText(field)}`),
    ...notes.map((note) => `# odd: ${note}`),
    ...(isCut ? ['# too long to be kept as a whole'] : []),
  ];
}

/** `0/0x0007 source port (2 octets): "5060"` */
function fieldText(field: EnvelopeFieldView): string {
  const { vendor, type, name, length, value } = field;
  const chunk = vendor === null || type === null ? '' : `${vendor}/${chunkType(type)} `;
  const size = length === null ? '' : ` (${octetsText(length)})`;
  return `${chunk}${name}${size}: ${value === '' ? 'the message' : quoted(value)}`;
}
