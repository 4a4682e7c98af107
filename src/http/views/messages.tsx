import type { VNode } from 'preact';
import type { HttpProblem } from '../problem.ts';
import { byGroup, SITE_MAP } from '../site-map.ts';
import { Captured, Pill } from './parts.tsx';

/** An error for people: what, why, and where to go from here. */
export function Problem({ problem }: { problem: HttpProblem }): VNode {
  return (
    <>
      <p class="refused" role="alert">
        <Captured text={problem.message} />
      </p>
      {problem.status === 404 ? (
        <PageLinks />
      ) : (
        <p>
          <a href="/">All pages</a>
        </p>
      )}
    </>
  );
}

function PageLinks(): VNode {
  return (
    <div class="index">
      {[...byGroup(SITE_MAP)].map(([group, pages]) => (
        <section>
          <h2>{group}</h2>
          <ul>
            {pages.map((page) => (
              <li>
                <a href={page.path}>{page.title}</a>
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
