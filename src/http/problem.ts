import { STATUS_CODES } from 'node:http';
import type { SearchFault } from '../model/search/parse.ts';

/** What the client got wrong about one parameter. */
export interface ParameterFault {
  parameter: string;
  value: string;
  allowed: string;
}

/** An answer that is an error, as RFC 9457 problem details; pages and text show the same fields. */
export class HttpProblem extends Error {
  readonly code = 'HTTP_PROBLEM';
  readonly status: number;
  readonly fault: ParameterFault | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Character of the value it is about, from 0. */
  readonly position: number | undefined;

  constructor(
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    fault?: ParameterFault,
    position?: number,
  ) {
    super(detail);
    this.status = status;
    this.headers = headers;
    this.fault = fault;
    this.position = position;
  }

  get title(): string {
    return STATUS_CODES[this.status] ?? 'Error';
  }

  toJSON(): object {
    return {
      type: 'about:blank',
      title: this.title,
      status: this.status,
      detail: this.message,
      ...this.fault,
      position: this.position,
    };
  }
}

/** Longest part of a client's value that is repeated to it. */
const MAX_ECHO = 200;

/** 400 that names the parameter, the value given and what is allowed. */
export function badParameter(parameter: string, value: unknown, allowed: string): HttpProblem {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const shown = text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)}…` : text;
  const name = parameter.length > MAX_ECHO ? `${parameter.slice(0, MAX_ECHO)}…` : parameter;
  const detail = `Parameter "${name}" is "${shown}", expected ${allowed}`;
  return new HttpProblem(400, detail, {}, { parameter: name, value: shown, allowed });
}

/** 400 that points to the character of a search. */
export function badSearch(text: string, { at, message }: SearchFault): HttpProblem {
  const detail = `Parameter "q", character ${at + 1}: ${message}`;
  return new HttpProblem(400, detail, {}, { parameter: 'q', value: text, allowed: message }, at);
}

export function unknownParameter(parameter: string, value: unknown, known: readonly string[]): HttpProblem {
  return badParameter(parameter, value, known.length === 0 ? 'no parameters here' : `one of: ${known.join(', ')}`);
}
