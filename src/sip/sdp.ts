/** What a session description (RFC 8866) says of its first media, for display: no validation, no offer/answer. */
export interface SdpSummary {
  media: string;
  address: string;
  port: number;
  /** Name of the first format, e.g. `PCMA`; its number where nothing names it. */
  codec: string;
  direction: string;
}

/** Payload types that RFC 3551 names, where an `a=rtpmap` may be left out. */
const STATIC_NAMES: ReadonlyMap<string, string> = new Map([
  ['0', 'PCMU'],
  ['3', 'GSM'],
  ['4', 'G723'],
  ['8', 'PCMA'],
  ['9', 'G722'],
  ['13', 'CN'],
  ['18', 'G729'],
  ['31', 'H261'],
  ['34', 'H263'],
]);
const DIRECTIONS = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
/** A description is small; what is behind this is not read. */
const MAX_LINES = 500;

/** @param body message body, also with parts around the description (multipart); `undefined` without a media line */
export function sdpSummary(body: string): SdpSummary | undefined {
  const lines = body.split(/\r\n|\n|\r/, MAX_LINES);
  const start = lines.indexOf('v=0');
  if (start < 0) return undefined;
  let media: string[] | undefined;
  let address = '';
  let codec = '';
  let direction = '';
  for (const line of lines.slice(start)) {
    const value = line.slice(2);
    if (line.startsWith('m=')) {
      if (media !== undefined) break;
      media = value.split(' ');
      codec = STATIC_NAMES.get(media[3] ?? '') ?? media[3] ?? '';
    } else if (line.startsWith('c=')) {
      // A media's own address comes after the session's, and wins.
      address = value.split(' ')[2]?.split('/')[0] ?? '';
    } else if (line.startsWith('a=rtpmap:') && media !== undefined) {
      const [type = '', name = ''] = value.slice('rtpmap:'.length).split(' ');
      if (type === media[3]) codec = name.split('/')[0] ?? '';
    } else if (line.startsWith('a=') && DIRECTIONS.has(value)) direction = value;
  }
  if (media === undefined) return undefined;
  const port = Number(media[1]?.split('/')[0]);
  return {
    media: media[0] ?? '',
    address,
    port: Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : 0,
    codec,
    direction: direction === '' ? 'sendrecv' : direction,
  };
}
