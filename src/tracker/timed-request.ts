import { MAX_CONTACTS, type SipMessage } from '../sip/message.ts';

/**
 * What the latest REGISTER or SUBSCRIBE of an entry asked for. The reply to it decides (RFC 3261 §10.3, RFC 6665 §4.2.1.1), but does not repeat it:
 * a contact that was removed is told by its absence, and `*` never comes back.
 */
export class TimedRequest {
  /** When it was sent, microseconds; 0 = not known. */
  readonly sentUs: number;
  /** Sent inside a dialog. */
  readonly hasToTag: boolean;
  /** Expires header in seconds, -1 = none. */
  readonly expires: number;
  /** REGISTER: all bindings are to go. */
  readonly star: boolean;
  /** Number of Contact values; `contacts` holds the first of them. */
  readonly contactCount: number;
  readonly contacts: readonly RequestedContact[];

  constructor(
    sentUs: number,
    hasToTag: boolean,
    expires: number,
    star: boolean,
    contactCount: number,
    contacts: readonly RequestedContact[],
  ) {
    this.sentUs = sentUs;
    this.hasToTag = hasToTag;
    this.expires = expires;
    this.star = star;
    this.contactCount = contactCount;
    this.contacts = contacts;
  }
}

export function requestOf(message: SipMessage, sentUs: number): TimedRequest {
  const hasToTag = message.toTagEnd > message.toTagStart;
  const contacts = contactsOf(message);
  return new TimedRequest(sentUs, hasToTag, message.expires, message.contactStar, message.contactCount, contacts);
}

export interface RequestedContact {
  /** The URI, at most `MAX_CONTACT_URI` + 1 octets of it: one that is cut is refused by whoever keeps it. */
  readonly uri: string;
  /** `expires` parameter in seconds, -1 = none. */
  readonly expires: number;
}

/** Longest contact or address-of-record a binding is kept for. */
export const MAX_CONTACT_URI = 512;

/** The contacts of a message that are kept as ranges; none for `*`. */
export function contactsOf(message: SipMessage): RequestedContact[] {
  const contacts: RequestedContact[] = [];
  if (message.contactStar) return contacts;
  const kept = Math.min(message.contactCount, MAX_CONTACTS);
  for (let n = 0; n < kept; n++) {
    const start = message.contactUriStart[n] ?? 0;
    const end = Math.min(message.contactUriEnd[n] ?? 0, start + MAX_CONTACT_URI + 1);
    contacts.push({ uri: message.text(start, end), expires: message.contactExpires[n] ?? -1 });
  }
  return contacts;
}
