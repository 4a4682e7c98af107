import type { ReferenceEntry, ReferenceField } from '../reference.ts';

export function apiText(entries: readonly ReferenceEntry[]): string {
  return entries.map(entryText).join('\n');
}

function entryText({ method, path, summary, parameters, body, answer }: ReferenceEntry): string {
  const lines = [
    `${method} ${path}: ${summary}`,
    ...parameters.map((field) => `  ${fieldText(field)}`),
    ...body.map((field) => `  body ${fieldText(field)}`),
    ...answer.map((field) => `  answer ${fieldText(field)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function fieldText({ name, type, fallback, text }: ReferenceField): string {
  const given = fallback === '' ? '' : ` (default ${fallback})`;
  return `${name}: ${type}${given}${text === '' ? '' : `: ${text}`}`;
}
