import type { VNode } from 'preact';
import type { CallMessageView, EnvelopeFieldView, EnvelopeView, MessageDetail } from '../../model/views.ts';
import type { Branch } from '../decoded/branch.ts';
import { chunkType } from '../chunk-type.ts';
import { lineWarnings, type LineWarnings } from '../ladder/lint.ts';
import { pause } from '../ladder/times.ts';
import { formatNumber, octetsText } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import { placeInLadder } from './call-ladder.tsx';
import { Section } from './layout.tsx';
import { Captured, Facts, Hints, Path, Time, Transport } from './parts.tsx';
import { RawText } from './raw-text.tsx';
import { Tree } from './tree.tsx';

/** How a message came, and its text with what is wrong in it. */
export function MessageText({ message, warnings }: { message: CallMessageView; warnings: LineWarnings }): VNode {
  return (
    <div data-message-text="">
      <Arrival message={message} warnings={warnings} />
      <RawText raw={message.raw} warnings={warnings} />
    </div>
  );
}

/** Who reported it, over what, when it was captured and when it arrived; and what is wrong with it. */
function Arrival({ message, warnings }: { message: CallMessageView; warnings: LineWarnings }): VNode {
  const { atUs, arrivedUs, src, dst, transport, agents, length, shown } = message;
  const rows: [string, VNode | string][] = [
    ['Captured', <Time us={atUs} />],
    ['Arrived', `${pause(arrivedUs - atUs)} later`],
    [
      'Way',
      <>
        <Path src={src} dst={dst} /> <Transport name={transport} />
      </>,
    ],
    ['Reported by', <AgentLinks agents={agents} />],
    [
      'Octets',
      shown < length ? `${formatNumber(length)}, of which ${formatNumber(shown)} are held` : formatNumber(length),
    ],
  ];
  if (warnings.size > 0) {
    const texts = [...warnings].map(([line, text]) => `line ${line + 1}: ${text}`);
    rows.push(['Warnings', <Captured text={texts.join('. ')} />]);
  }
  return <Facts rows={rows} />;
}

/** One message: its text, its parts, what it came in. Script shows the parts of this page beside the ladder. */
export function MessagePage({ detail, tree }: { detail: MessageDetail; tree: readonly Branch[] }): VNode {
  const { message, envelope } = detail;
  return (
    <>
      <nav class="pager" aria-label="Its call">
        <a href={placeInLadder(message)}>In the ladder of its call</a>
      </nav>
      <Section title="Text">
        <MessageText message={message} warnings={lineWarnings(message)} />
      </Section>
      <Section title="Parts">
        <div data-part="parts">
          <Tree branches={tree} label="Parts of the message" />
        </div>
      </Section>
      <Section title="Envelope">
        <div data-part="envelope">
          <Envelope envelope={envelope} />
        </div>
      </Section>
    </>
  );
}

function Envelope({ envelope }: { envelope: EnvelopeView | null }): VNode {
  if (envelope === null) return <p>It came in none: it was captured as it is, or typed in.</p>;
  const { protocol, fields, isCut, notes } = envelope;
  const hints = [
    ...notes.map((text) => ({ code: 'note', text })),
    ...(isCut ? [{ code: 'cut', text: 'It was too long to be kept as a whole' }] : []),
  ];
  return (
    <>
      {hints.length === 0 ? undefined : <Hints hints={hints} tone="warning" title="What was odd" />}
      <Tree branches={fields.map(branchOf)} label={`What ${protocol} says`} />
    </>
  );
}

function branchOf({ vendor, type, name, length, value }: EnvelopeFieldView): Branch {
  const chunk = vendor === null || type === null ? [] : [`${vendor}/${chunkType(type)}`];
  const note = [value === '' ? 'the message' : '', length === null ? '' : octetsText(length), ...chunk];
  const text = note.filter((part) => part !== '').join(' · ');
  return { name, value, note: text, warning: '', parts: [], isMain: false };
}
