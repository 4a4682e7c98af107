import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from './model/log.ts';
import type { CertificateView } from './model/views.ts';

/** A listener with TLS, and the options that name its files. */
export interface TlsFiles {
  listener: string;
  files: readonly { option: string; path: string; use: CertificateView['use'] }[];
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** A bundle of authorities may be long, and nobody reads so much of it. */
const MOST_OF_A_FILE = 50;

/** What is in the certificate files that are in use: they are read at the start, and so are these. */
export function readCertificates(listeners: readonly TlsFiles[], log: Log): CertificateView[] {
  return listeners.flatMap(({ listener, files }) =>
    files.flatMap(({ option, path, use }) => {
      try {
        const found = readFileSync(path, 'utf8').match(PEM) ?? [];
        return found.slice(0, MOST_OF_A_FILE).map((pem, n) => ({
          listener,
          option,
          file: path,
          use: use === 'own' && n > 0 ? 'chain' : use,
          ...partsOf(new X509Certificate(pem)),
        }));
      } catch (error) {
        log.warn({ err: error, option, file: path }, 'a certificate file cannot be shown on /certificates');
        return [];
      }
    }),
  );
}

function partsOf(certificate: X509Certificate): Omit<CertificateView, 'listener' | 'option' | 'file' | 'use'> {
  const { subject, issuer, subjectAltName, validFrom, validTo, serialNumber, fingerprint256 } = certificate;
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: subjectAltName ?? '',
    validFromUs: Date.parse(validFrom) * 1000,
    validUntilUs: Date.parse(validTo) * 1000,
    serialNumber,
    sha256: fingerprint256,
  };
}

/** Parts of a name come a line each; a certificate may have none. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
