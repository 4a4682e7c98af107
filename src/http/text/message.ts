import type { EnvelopeFieldView, EnvelopeView, MessageDetail } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { chunkType } from '../chunk-type.ts';
import { type Branch, flat } from '../decoded/branch.ts';
import { octetsText, quoted, visible } from '../show.ts';
import { messageLines } from './call.ts';

/** One message: `#` lines say what it came in and what its parts are, then its text as the text of a call has it. */
export function messagePageText({ message, envelope }: MessageDetail, tree: readonly Branch[], zone: Zone): string {
  const lines = envelope === null ? ['# no envelope'] : envelopeLines(envelope);
  return `${[...lines, ...treeLines(tree).map((line) => `# ${line}`), '', ...messageLines(message, zone)].join('\n')}\n`;
}

/** `  URI: "sip:a@b" (note)`, further in the deeper it is. */
export function treeLines(tree: readonly Branch[]): string[] {
  return flat(tree).map(({ depth, name, value, note, warning }) => {
    const text = value === '' ? '' : ` ${quoted(value)}`;
    const more = note === '' ? '' : ` (${visible(note)})`;
    const wrong = warning === '' ? '' : ` wrong: ${visible(warning)}`;
    return `${'  '.repeat(depth)}${visible(name)}:${text}${more}${wrong}`;
  });
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
