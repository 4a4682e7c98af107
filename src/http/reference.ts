import type { ApiDocument, ApiSchema } from './openapi.ts';

/** A parameter, or a member of an answer. */
export interface ReferenceField {
  /** Dotted path; `[]` stands for the members of an array, `{}` for those of an object with names of its own. */
  name: string;
  type: string;
  /** What is taken when nothing is given. */
  fallback: string;
  required: boolean;
  text: string;
}

/** One method of one path, as a person reads it. */
export interface ReferenceEntry {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  parameters: ReferenceField[];
  /** Parameters of a change, in the body. */
  body: ReferenceField[];
  answer: ReferenceField[];
  /** Media types of the answer. */
  forms: string[];
}

const JSON_TYPE = 'application/json';

/** The description of the API as a list to read. */
export function referenceOf(document: ApiDocument): ReferenceEntry[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const ok = operation.responses['200'];
      const content = ok !== undefined && 'content' in ok ? (ok.content ?? {}) : {};
      return {
        id: operation.operationId ?? '',
        method: method.toUpperCase(),
        path,
        tag: operation.tags?.[0] ?? '',
        summary: operation.summary ?? '',
        parameters: (operation.parameters ?? []).map(({ name, required, description, schema }) => ({
          ...field(name, schema, required === true),
          text: description ?? '',
        })),
        body: fieldsOf(operation.requestBody?.content[JSON_TYPE]?.schema),
        answer: fieldsOf(content[JSON_TYPE]?.schema),
        forms: Object.keys(content),
      };
    }),
  );
}

function field(name: string, schema: ApiSchema, required: boolean): ReferenceField {
  const fallback = schema.default === undefined ? '' : String(schema.default);
  return { name, type: typeOf(schema), fallback, required, text: schema.description ?? '' };
}

/** All members, each before its own; what is below an array or a record has its path. */
function fieldsOf(schema: ApiSchema | undefined, prefix = ''): ReferenceField[] {
  if (schema === undefined) return [];
  const required = new Set(schema.required);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [field(path, member, required.has(name)), ...fieldsOf(member, path)];
  });
  const members = Object.values(schema.patternProperties ?? {}).flatMap((member) => fieldsOf(member, `${prefix}{}`));
  const either = (schema.anyOf ?? []).flatMap((member) => fieldsOf(member, prefix));
  return [...own, ...fieldsOf(schema.items, `${prefix}[]`), ...members, ...either];
}

function typeOf(schema: ApiSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  const { minimum, maximum } = schema;
  const range = minimum === undefined ? '' : maximum === undefined ? ` ≥ ${minimum}` : ` ${minimum}–${maximum}`;
  return (schema.type ?? 'any') + range;
}
