import type { AccessSettings, Role } from '../../model/settings.ts';

/** Somebody who may use the pages, or a way in that is open to many. */
export interface Account {
  kind: 'user' | 'token' | 'proxy' | 'this host' | 'everybody';
  /** As in the audit trail. */
  name: string;
  role: Role;
  /** How it is known that it is them. */
  by: string;
  /** Until when; `null` = as long as the program runs with these settings. */
  untilUs: number | null;
}

/** Name of a token, which itself is never shown. @param index from 0, in the order of the option */
export function tokenName(index: number): string {
  return `token ${index + 1}`;
}

/** Who may do what by the settings. */
export function accountsOf(settings: AccessSettings): Account[] {
  const { users, tokens, proxyUserHeader, proxyRole, allowAnonymous, metricsOpen } = settings;
  const unguarded = users.length === 0 && tokens.length === 0 && proxyUserHeader === '';
  const accounts: (Account | false)[] = [
    ...users.map(({ name, role, password }): Account => ({
      kind: 'user',
      name,
      role,
      by: password === undefined ? `${proxyUserHeader || 'a proxy'} names them` : 'password',
      untilUs: null,
    })),
    ...tokens.map(({ role, untilUs }, index): Account => ({
      kind: 'token',
      name: tokenName(index),
      role,
      by: 'Authorization: Bearer',
      untilUs: untilUs ?? null,
    })),
    proxyUserHeader !== '' &&
      proxyRole !== 'none' && {
        kind: 'proxy',
        name: 'others a proxy names',
        role: proxyRole,
        by: proxyUserHeader,
        untilUs: null,
      },
    unguarded && { kind: 'this host', name: 'this host', role: 'admin', by: 'loopback address', untilUs: null },
    allowAnonymous && {
      kind: 'everybody',
      name: 'nobody',
      role: 'viewer',
      by: 'http_allow_anonymous',
      untilUs: null,
    },
    metricsOpen && {
      kind: 'everybody',
      name: '/metrics',
      role: 'viewer',
      by: 'http_metrics_open',
      untilUs: null,
    },
  ];
  return accounts.filter((account) => account !== false);
}
