import type { ComponentChildren, VNode } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import type { Aliases } from '../../model/alias.ts';
import type { Visitor } from '../access/access.ts';
import { assetHref, IMPORTED_HREFS, SCRIPT_HREF } from '../assets.ts';
import type { ComingPieces } from '../pieces.ts';
import type { ShownZone } from '../zone.ts';
import { Account } from './login.tsx';
import { NamesContext } from './parts.tsx';
import { MadeAt, ZoneContext } from './zone.tsx';

interface PageFrame {
  title: string;
  /** Path and query asked for. */
  url: string;
  siteName: string;
  version: string;
  nowUs: number;
  visitor: Visitor | undefined;
  /** Somebody has a password. */
  canLogIn: boolean;
  /** Other forms of this page, as in `?format=`. */
  forms: readonly string[];
  /** Chosen by the reader; without it the page follows the system. */
  theme: string | undefined;
  /** Names of addresses, as the reader wants them shown, and whether there is a choice. */
  names: Aliases;
  hasNames: boolean;
  shown: ShownZone;
  /** Asked for twice where rows are still to come: for what stands before them, and behind, where all of them are known. */
  body: () => VNode;
  /** What takes the place of `Later` in it. */
  rows?: AsyncIterable<VNode> | undefined;
}

const NAVIGATION: readonly (readonly [string, string, string])[] = [
  ['/calls/list', 'Calls', '/calls'],
  ['/messages', 'Messages', '/messages'],
  ['/regs/list', 'Registrations', '/regs'],
  ['/events?order=newest', 'Events', '/events'],
  ['/evrateblst/list', 'Rates', '/evrateblst'],
  ['/hep/list', 'Ingest', '/hep'],
  ['/ipfix/list', 'Probes', '/ipfix'],
  ['/stats', 'Statistics', '/stats'],
  ['/counters', 'Counters', '/counters'],
  ['/links', 'Links', '/links'],
  ['/about/config', 'Settings', '/about/config'],
  ['/about', 'About', '/about'],
];

/** Where a page belongs: the entry whose paths say most of its own. */
function placeOf(path: string): string | undefined {
  return NAVIGATION.map(([, , prefix]) => prefix)
    .filter((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** A whole HTML document around one page's content; where that says `Later`, its rows as they come. */
export function pagePieces(frame: PageFrame): string | ComingPieces {
  const [before = '', after] = documentOf(frame).split(LATER);
  if (after === undefined || frame.rows === undefined) return `<!doctype html>${before}\n`;
  return comingPieces(before, frame, frame.rows);
}

async function* comingPieces(before: string, frame: PageFrame, rows: AsyncIterable<VNode>): AsyncGenerator<string> {
  yield `<!doctype html>${before}`;
  for await (const row of rows) yield rendered(frame, row);
  yield `${documentOf(frame).split(LATER)[1] ?? ''}\n`;
}

const documentOf = (frame: PageFrame): string => rendered(frame, <Frame {...frame} />);

function rendered({ shown, names }: PageFrame, part: VNode): string {
  return renderToStaticMarkup(
    <ZoneContext.Provider value={shown}>
      <NamesContext.Provider value={names}>{part}</NamesContext.Provider>
    </ZoneContext.Provider>,
  );
}

/** The place of a page's rows. Markup of its own, so no captured text can be taken for it: that is escaped. */
export function Later(): VNode {
  return <tbody class="later" />;
}
const LATER = renderToStaticMarkup(<Later />);

function Frame({
  title,
  url,
  siteName,
  version,
  nowUs,
  visitor,
  canLogIn,
  forms,
  theme,
  names,
  hasNames,
  body,
}: PageFrame): VNode {
  const path = url.split('?', 1)[0] ?? '/';
  const place = placeOf(path);
  return (
    <html lang="en" data-theme={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${siteName}`}</title>
        <link rel="icon" href={assetHref('icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={assetHref('style.css')} />
        <script type="module" src={SCRIPT_HREF} />
        {IMPORTED_HREFS.map((href) => (
          <link rel="modulepreload" href={href} />
        ))}
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header>
          <a class="brand" href="/" aria-current={path === '/' ? 'page' : undefined}>
            {siteName}
          </a>
          <nav aria-label="Pages">
            {NAVIGATION.map(([href, text, prefix]) => (
              <a href={href} aria-current={prefix === place ? 'page' : undefined}>
                {text}
              </a>
            ))}
          </nav>
          <Account visitor={visitor} canLogIn={canLogIn} url={url} />
        </header>
        <main id="content">
          <div class="title">
            <h1>{title}</h1>
            <span data-live-place="" />
          </div>
          {body()}
        </main>
        <footer>
          <span>
            {siteName} {version}
          </span>
          <MadeAt nowUs={nowUs} url={url} />
          <span>
            <a href="/pages">All pages</a>
          </span>
          <OtherForms url={url} forms={forms} />
          {hasNames ? <span data-names-place={names.all.length > 0 ? 'aliases' : 'addresses'} /> : undefined}
          <span data-theme-place="" />
        </footer>
      </body>
    </html>
  );
}

/** The same page as text, as JSON and what else there is. */
function OtherForms({ url, forms }: { url: string; forms: readonly string[] }): VNode {
  const [path = '/', query = ''] = url.split('?', 2);
  const href = (format: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('format', format);
    return `${path}?${parameters.toString()}`;
  };
  return (
    <span class="forms">
      This page as{' '}
      {forms.map((format) => (
        <a href={href(format)}>{format}</a>
      ))}
    </span>
  );
}

export function Section({ title, id, children }: { title: string; id?: string; children: ComponentChildren }): VNode {
  return (
    <section id={id}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
