import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import type { TcpTimeoutView } from '../../model/engine.ts';
import type { InjectView } from '../../model/views.ts';
import type { Branch } from '../decoded/branch.ts';
import { FORMAT_TEXT, MESSAGE_FORMATS } from '../message-format.ts';
import { DEFAULT_ENDPOINT, INJECT_TRANSPORTS } from '../schemas.ts';
import { callHref, formatNumber } from '../show.ts';
import { CallRowsTable } from './calls.tsx';
import { Section } from './layout.tsx';
import { Applied, Captured, CapturedLink, Cell, Facts, Pill, Table } from './parts.tsx';
import { RawText } from './raw-text.tsx';
import { Tree } from './tree.tsx';

export function TcpTimeouts({
  timeouts,
  applied,
}: {
  timeouts: readonly TcpTimeoutView[];
  applied: string | undefined;
}): VNode {
  if (timeouts.length === 0) {
    return (
      <p>
        Nothing is captured here: set <code>iface</code> or <code>pcap</code> at the start.
      </p>
    );
  }
  return (
    <>
      <Applied what={applied} />
      <p>
        How long captured TCP is waited for, in the time of the capture. Changes last until the next start; 0 goes back
        to what was configured.
      </p>
      <Table
        head={['Setting', { number: 'Value' }, { number: 'Configured' }, { number: 'Allowed' }, 'Meaning', 'Change']}
        caption="Time-outs of captured TCP"
      >
        <tbody>
          {timeouts.map(({ name, description, ms, configuredMs, minMs, maxMs }) => (
            <tr>
              <Cell label="Setting">
                <code>{name}</code>
              </Cell>
              <Cell label="Value" number>
                {ms === configuredMs ? formatDuration(ms) : <strong>{formatDuration(ms)}</strong>}
              </Cell>
              <Cell label="Configured" number>
                {formatDuration(configuredMs)}
              </Cell>
              <Cell label="Allowed" number>
                {formatDuration(minMs)}–{formatDuration(maxMs)}
              </Cell>
              <Cell label="Meaning">{description}</Cell>
              <Cell label="Change">
                <form method="post" action="/tcp/timeouts" class="row">
                  <input name={name} value={formatDuration(ms)} size={9} aria-label={name} />
                  <button type="submit">Set</button>
                </form>
              </Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

/** What the form holds; after an injection what was sent, so that it can be changed a little and sent again. */
export interface InjectFields {
  sipmsg: string;
  crlfformat: string;
  proto: string;
  src: string;
  dst: string;
  verbose: boolean;
}

export const EMPTY_INJECTION: InjectFields = {
  sipmsg: '',
  crlfformat: 'auto',
  proto: 'udp',
  src: DEFAULT_ENDPOINT,
  dst: DEFAULT_ENDPOINT,
  verbose: false,
};

export function InjectForm({ fields }: { fields: InjectFields }): VNode {
  return (
    <form method="post" action="/inject">
      <p>
        One SIP message, as it would have been captured now. It goes the way of every other message and changes calls,
        registrations, events and counters.
      </p>
      <div class="filter">
        <label>
          <span>Line ends</span>
          <select name="crlfformat">
            {MESSAGE_FORMATS.map((format) => (
              <option value={format} selected={format === fields.crlfformat}>
                {FORMAT_TEXT[format]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Transport</span>
          <select name="proto">
            {INJECT_TRANSPORTS.map((name) => (
              <option value={name} selected={name === fields.proto}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>From</span> <input name="src" value={fields.src} size={24} spellcheck={false} />
        </label>
        <label>
          <span>To</span> <input name="dst" value={fields.dst} size={24} spellcheck={false} />
        </label>
        <label>
          <span>What was read</span>
          <select name="verbose">
            <option value="no">hidden</option>
            <option value="yes" selected={fields.verbose}>
              shown
            </option>
          </select>
        </label>
      </div>
      <label>
        <span>SIP message</span>
        <textarea name="sipmsg" rows={25} cols={80} spellcheck={false} required>
          {fields.sipmsg}
        </textarea>
      </label>
      <p>
        <button type="submit">Inject</button>
      </p>
    </form>
  );
}

export function Injected({
  injected,
  tree,
  fields,
}: {
  injected: InjectView & { message: string };
  tree: readonly Branch[];
  fields: InjectFields;
}): VNode {
  const { outcome, code, reason, message, octets, parsedOctets, rest, callId, entries } = injected;
  return (
    <>
      <Facts
        rows={[
          ['Outcome', <Pill text={outcome} tone={outcome === 'tracked' ? 'good' : 'bad'} />],
          ...(outcome === 'refused'
            ? ([
                ['Why', `${reason} (${code})`],
                ['Read without a fault', `${formatNumber(parsedOctets)} of ${formatNumber(octets)} octets`],
                ['What is wrong begins', <Captured text={rest} />],
              ] as const)
            : []),
          ['Call-ID', <CapturedLink text={callId} href={callHref(callId)} />],
          ...(fields.verbose
            ? injected.fields.map(({ name, value }) => [name, <Captured text={value} />] as const)
            : []),
        ]}
      />
      {entries.length === 0 ? undefined : (
        <Section title="Its call now">
          <CallRowsTable calls={entries} />
        </Section>
      )}
      <Section title="Its parts">
        <Tree branches={tree} label="Parts of the message" />
      </Section>
      <Section title="The message, as it went over the wire">
        <RawText raw={message} />
      </Section>
      <InjectForm fields={fields} />
    </>
  );
}
