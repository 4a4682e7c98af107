import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A strong validator (RFC 9110 §8.8.3) for something that is the same octets each time. */
function etagOf(content: string | Buffer): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}

/** Sends what seldom changes: a client keeps it, asks each time, and gets it only when it has changed. */
export function sendConditional(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  content: string | Buffer,
): FastifyReply {
  const etag = etagOf(content);
  reply.headers({ 'cache-control': 'private, no-cache', etag });
  return isKnown(request.headers['if-none-match'], etag) ? reply.code(304).send() : reply.type(type).send(content);
}

/** RFC 9110 §13.1.2; the comparison is the weak one. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === etag);
}
