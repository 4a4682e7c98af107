import type { CertificateView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { validityText } from '../certificates.ts';
import { quoted, textTime } from '../show.ts';

/** One line for each, with all that tells it from another. */
export function certificatesText(certificates: readonly CertificateView[], nowUs: number, zone: Zone): string {
  if (certificates.length === 0) return 'No listener speaks TLS: set http_tls_cert, hep_tls_port or ipfix_tls_cert\n';
  return certificates
    .map((certificate) => {
      const { listener, option, use, subject, issuer, names, validFromUs, validUntilUs, serialNumber, sha256 } =
        certificate;
      const times = `from ${textTime(validFromUs, zone)} until ${textTime(validUntilUs, zone)}`;
      return `${listener} ${option} ${use}: ${quoted(subject)} names: ${quoted(names)} issuer: ${quoted(issuer)} ${times} (${validityText(certificate, nowUs)}) serial: ${serialNumber} sha256: ${sha256}\n`;
    })
    .join('');
}
