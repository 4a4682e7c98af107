/**
 * Payloads of type SIP that certain senders fill with something else (Kamailio `trace_mode=1`, OpenSIPS
 * `homer5_on=0`). Looked at only after the payload proved to be no SIP message, so ordinary traffic never pays.
 */
const PLACEHOLDERS = ['No request buffer', 'No reply buffer'];
const MAX_WRAPPED = 65_535;

/** Kamailio's stand-in for a message it no longer had. */
export function isPlaceholder(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.toString('latin1', start, Math.min(end, start + 20));
  return PLACEHOLDERS.some((placeholder) => text.startsWith(placeholder));
}

/** The SIP message in OpenSIPS' `{"payload":"…"}`, or `undefined` when the octets are nothing of the kind. */
export function unwrapJsonSip(bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (bytes[start] !== 0x7b || end - start > MAX_WRAPPED) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('payload' in parsed)) return undefined;
  const { payload } = parsed;
  return typeof payload === 'string' && payload.length > 12 ? Buffer.from(payload, 'utf8') : undefined;
}
