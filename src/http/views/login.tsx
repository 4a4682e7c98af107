import type { VNode } from 'preact';
import type { Visitor } from '../access/access.ts';
import { link } from '../show.ts';
import { Captured, Facts, Nothing, Time } from './parts.tsx';

/** Name and password, and where to go then. */
export function LoginForm({ next, message }: { next: string; message?: string }): VNode {
  return (
    <>
      {message === undefined ? undefined : (
        <p class="refused" role="alert">
          <Captured text={message} />
        </p>
      )}
      <form class="login" method="post" action="/login">
        <input type="hidden" name="next" value={next} />
        <label>
          <span>Name</span>
          <input type="text" name="user" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label>
          <span>Password</span>
          <input type="password" name="password" autocomplete="current-password" required />
        </label>
        <button type="submit">Log in</button>
      </form>
    </>
  );
}

export function WhoYouAre({ visitor, canLogIn, next }: { visitor: Visitor; canLogIn: boolean; next: string }): VNode {
  return (
    <>
      <Facts
        rows={[
          ['Name', <Captured text={visitor.name} />],
          ['Known by', visitor.via],
          ['Roles', visitor.roles.length === 0 ? <Nothing /> : visitor.roles.join(', ')],
          ...(visitor.expiresUs === undefined ? [] : [['Until', <Time us={visitor.expiresUs} />] as const]),
        ]}
      />
      {canLogIn && visitor.via !== 'session' ? <LoginForm next={next} /> : undefined}
    </>
  );
}

/** Who is logged in, or the way to it; nothing where nobody has to. */
export function Account({
  visitor,
  canLogIn,
  url,
}: {
  visitor: Visitor | undefined;
  canLogIn: boolean;
  url: string;
}): VNode {
  if (visitor === undefined || visitor.via === 'this host') return <></>;
  if (visitor.via === 'nobody') return canLogIn ? <a href={link('/login', { next: url })}>Log in</a> : <></>;
  return (
    <form class="account" method="post" action="/logout">
      <a href="/login">
        <Captured text={visitor.name} />
      </a>
      {visitor.via === 'session' ? <button type="submit">Log out</button> : undefined}
    </form>
  );
}
