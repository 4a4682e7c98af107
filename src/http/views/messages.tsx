import type { VNode } from 'preact';
import type { HttpProblem } from '../problem.ts';
import { byGroup, SITE_MAP } from '../site-map.ts';
import { Captured, Pill } from './parts.tsx';

/** An error for people: what, why, and where to go from here. */
export function Problem({ problem, requestId }: { problem: HttpProblem; requestId: string }): VNode {
  return (
    <>
      <p class="refused" role="alert">
        <Captured text={problem.message} />
      </p>
      <p class="quiet">
        Request <code>{requestId}</code>, under which the log has it.
      </p>
      {problem.position === undefined || problem.fault === undefined ? undefined : (
        <SearchAgain text={problem.fault.value} at={problem.position} />
      )}
      {problem.status === 404 ? (
        <PageIndex />
      ) : (
        <p>
          <a href="/pages">All pages</a>
        </p>
      )}
    </>
  );
}

/** The search with the mark where it went wrong, and the box to mend it in; the form leads to where it came from. */
function SearchAgain({ text, at }: { text: string; at: number }): VNode {
  return (
    <>
      <pre class="mark">
        <Captured text={text.slice(0, at)} />
        <mark>
          <Captured text={text.slice(at, at + 1) || ' '} />
        </mark>
        <Captured text={text.slice(at + 1)} />
      </pre>
      <form class="filter" method="get" role="search">
        <label class="grow">
          <span>Search</span>
          <input type="search" name="q" value={text} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Search</button>
      </form>
    </>
  );
}

/** Every page by its group. */
export function PageIndex(): VNode {
  return (
    <div class="index">
      {[...byGroup(SITE_MAP)].map(([group, pages]) => (
        <section>
          <h2>{group}</h2>
          <ul>
            {pages.map((page) => (
              <li>
                <a href={page.path}>{page.title}</a> <code class="quiet">{page.path}</code>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Health or readiness. */
export function StatusPage({ ok, status, reason }: { ok: boolean; status: string; reason: string | undefined }): VNode {
  return (
    <p>
      <Pill text={status} tone={ok ? 'good' : 'bad'} /> {reason === undefined ? '' : <Captured text={reason} />}
    </p>
  );
}
