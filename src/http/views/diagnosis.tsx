import type { ComponentChildren, VNode } from 'preact';
import { type DiagnosisView, MAX_PROFILE_S } from '../../model/diagnosis.ts';
import { formatNumber } from '../show.ts';
import { Facts } from './parts.tsx';

interface Offer {
  directory: string;
  threads: readonly string[];
  /** Chosen unless the reader chooses another. */
  thread: string;
}

export function CpuForm({ seconds, ...offer }: Offer & { seconds: number }): VNode {
  return (
    <Offered
      {...offer}
      path="/debug/cpu"
      verb="Take a profile"
      what="What a thread is busy with, looked at ten thousand times a second. It costs that thread some per cent meanwhile. Open the file in Chromium: DevTools, Performance."
    >
      <label>
        <span>Seconds</span> <input name="seconds" type="number" min={1} max={MAX_PROFILE_S} value={seconds} />
      </label>
    </Offered>
  );
}

export function HeapForm(offer: Offer): VNode {
  return (
    <Offered
      {...offer}
      path="/debug/heap"
      verb="Take a snapshot"
      what="All that a thread holds. It stands still meanwhile, seconds for each gigabyte: datagrams are lost, pages wait. Open the file in Chromium: DevTools, Memory. It holds messages and passwords, too."
    />
  );
}

function Offered({
  directory,
  threads,
  thread,
  path,
  verb,
  what,
  children,
}: Offer & { path: string; verb: string; what: string; children?: ComponentChildren }): VNode {
  if (directory === '') {
    return (
      <p>
        {what} Nothing can be written yet: set <code>debug_dir</code>.
      </p>
    );
  }
  return (
    <form method="post" action={path} class="row">
      <p>
        {what} Written to <code>{directory}</code> on the collector's host.
      </p>
      <label>
        <span>Thread</span>{' '}
        <select name="thread">
          {threads.map((name) => (
            <option key={name} selected={name === thread}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {children}
      <button type="submit">{verb}</button>
    </form>
  );
}

export function DiagnosisFile({ file }: { file: DiagnosisView }): VNode {
  return (
    <Facts
      rows={[
        ['File', <code>{file.file}</code>],
        ['Thread', file.thread],
        ['Octets', formatNumber(file.bytes)],
        ['Took', `${formatNumber(file.tookMs)} ms`],
      ]}
    />
  );
}
