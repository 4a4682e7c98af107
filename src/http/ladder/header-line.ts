import { headerName } from '../../model/header-name.ts';

/** Full name, in small letters, of the header field a line begins; empty = it begins none. */
export function fieldName(line: string): string {
  return headerName(/^([\w.!%*+`'~-]+)[ \t]*:/.exec(line)?.[1] ?? '');
}
