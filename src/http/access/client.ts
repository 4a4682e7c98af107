import type { FastifyRequest } from 'fastify';
import { isAddressIn, unmapped } from '../../model/cidr.ts';
import { parseIp } from '../../model/endpoint.ts';
import type { Cidr } from '../../model/settings.ts';

/** Longest chain of proxies that is followed. */
const MOST_HOPS = 16;

/** Who is asking and how, seen through the proxies that are believed; what others write in those headers is ignored. */
export class Clients {
  readonly #proxies: readonly Cidr[];

  constructor(proxies: readonly Cidr[]) {
    this.#proxies = proxies;
  }

  /** Whether the connection comes from a proxy that is believed. */
  isProxied(request: FastifyRequest): boolean {
    return isAddressIn(unmapped(request.ip), this.#proxies);
  }

  /** The address nearest to us that no believed proxy has. */
  address(request: FastifyRequest): string {
    const peer = unmapped(request.ip);
    if (!this.isProxied(request)) return peer;
    const passedOn = String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .slice(-MOST_HOPS);
    let nearest = peer;
    for (const hop of passedOn.toReversed()) {
      const text = hop.trim().replace(/^\[|\]$/g, '');
      if (parseIp(text) === undefined) break;
      nearest = unmapped(text);
      if (!isAddressIn(nearest, this.#proxies)) break;
    }
    return nearest;
  }

  isSecure(request: FastifyRequest): boolean {
    return request.protocol === 'https' || this.#told(request, 'x-forwarded-proto') === 'https';
  }

  /** Host and port the browser asked for. */
  host(request: FastifyRequest): string | undefined {
    return (this.#told(request, 'x-forwarded-host') ?? request.headers.host)?.toLowerCase();
  }

  /** What the proxy next to us says; one behind it may have written the values before. */
  #told(request: FastifyRequest, header: string): string | undefined {
    const value = request.headers[header];
    if (value === undefined || !this.isProxied(request)) return undefined;
    return String(value).split(',').at(-1)?.trim();
  }
}

/** One customer of an Internet provider has at least a /64 of IPv6, so that counts as one address. */
export function addressKey(ip: string): string {
  const address = parseIp(ip);
  return address?.family === 6 ? `${address.words[0]}:${address.words[1]}` : ip;
}
