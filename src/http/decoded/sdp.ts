import { STATIC_NAMES } from '../ladder/session.ts';
import { type Branch, branch, present } from './branch.ts';
import { cut } from './scan.ts';

/** A session description (RFC 8866): what holds for the session, then each media line with what belongs to it. */
export function sdpParts(text: string): Branch[] {
  const session: Branch[] = [];
  const media: { line: string; parts: Branch[] }[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) media.push({ line, parts: mediaParts(line.slice(2)) });
    else (media.at(-1)?.parts ?? session).push(lineBranch(line));
  }
  return [
    ...session,
    ...media.map(({ line, parts }) => ({ ...branch('m', line.slice(2), 'media', parts), isMain: true })),
  ];
}

function lineBranch(line: string): Branch {
  if (line[1] !== '=') return branch('', line, 'no line of a session description');
  const type = line.slice(0, 1);
  const value = line.slice(2);
  if (type === 'a') return attributeBranch(value);
  return branch(type, value, LINE_NOTES.get(type) ?? 'unknown', linePartsOf(type, value));
}

const LINE_NOTES = new Map([
  ['v', 'version'],
  ['o', 'origin'],
  ['s', 'session name'],
  ['i', 'information'],
  ['u', 'URI'],
  ['e', 'e-mail address'],
  ['p', 'phone number'],
  ['c', 'connection: where media is wanted'],
  ['b', 'bandwidth'],
  ['t', 'time'],
  ['r', 'repeat times'],
  ['z', 'time zones'],
  ['k', 'key'],
]);

function linePartsOf(type: string, value: string): Branch[] {
  const words = value.split(' ');
  switch (type) {
    case 'o':
      return inWords(words, ['user', 'session id', 'session version', 'network', 'address type', 'address']);
    case 'c':
      return inWords(words, ['network', 'address type', 'address']);
    case 'b': {
      const [kind, amount] = cut(value, ':');
      return present([branch('type', kind), branch('amount', amount, kind === 'AS' ? 'kbit/s' : '')]);
    }
    default:
      return [];
  }
}

/** Words by their place; those beyond stay together. */
function inWords(words: readonly string[], names: readonly string[]): Branch[] {
  const rest = words.slice(names.length).join(' ');
  return present([...names.map((name, at) => branch(name, words[at] ?? '')), branch('more', rest)]);
}

function mediaParts(value: string): Branch[] {
  const [media = '', ports = '', protocol = '', ...formats] = value.split(' ');
  const [port, count] = cut(ports, '/');
  const names = formats.map((format) => branch('format', format, STATIC_NAMES.get(format) ?? ''));
  return present([
    branch('media', media),
    branch('port', port, port === '0' ? 'refused' : ''),
    branch('number of ports', count),
    branch('protocol', protocol),
    ...names,
  ]);
}

const ATTRIBUTE_NOTES = new Map([
  ['sendrecv', 'both ways'],
  ['sendonly', 'it only sends'],
  ['recvonly', 'it only receives'],
  ['inactive', 'neither way'],
  ['ptime', 'milliseconds of media in a packet'],
  ['maxptime', 'most milliseconds of media in a packet'],
  ['rtpmap', 'codec of a payload type'],
  ['fmtp', 'parameters of a payload type'],
  ['rtcp', 'where RTCP is wanted'],
  ['rtcp-mux', 'RTCP on the port of RTP'],
  ['rtcp-fb', 'feedback by RTCP'],
  ['crypto', 'keys of SRTP (SDES)'],
  ['fingerprint', 'certificate of DTLS'],
  ['setup', 'who opens the connection'],
  ['candidate', 'candidate of ICE'],
  ['ice-ufrag', 'user of ICE'],
  ['ice-pwd', 'password of ICE'],
  ['mid', 'name of the media line'],
  ['group', 'media lines that belong together'],
  ['ssrc', 'synchronisation source'],
  ['label', 'label of the media line'],
]);

function attributeBranch(value: string): Branch {
  const [name, text] = cut(value, ':');
  const note = ATTRIBUTE_NOTES.get(name) ?? 'attribute';
  return branch('a', value, note, text === '' ? [] : attributeParts(name, text));
}

function attributeParts(name: string, text: string): Branch[] {
  const words = text.split(' ');
  switch (name) {
    case 'rtpmap': {
      const [codec = '', rate = '', channels = ''] = (words[1] ?? '').split('/');
      return present([
        branch('payload type', words[0] ?? ''),
        branch('codec', codec),
        branch('clock rate', rate, 'Hz'),
        branch('channels', channels),
      ]);
    }
    case 'fmtp':
      return inWords([words[0] ?? '', words.slice(1).join(' ')], ['payload type', 'parameters']);
    case 'crypto':
      return inWords(words, ['tag', 'suite', 'key']);
    case 'fingerprint':
      return inWords(words, ['hash', 'fingerprint']);
    case 'candidate':
      return inWords(words, ['foundation', 'component', 'transport', 'priority', 'address', 'port', 'typ', 'type']);
    default:
      return [];
  }
}
