import type { CertificateView } from '../model/views.ts';
import { roughly, type Hint } from './why.ts';

/** Time to get another one. */
const SOON_US = 30 * 24 * 3600 * 1e6;

export type Validity = 'good' | 'soon' | 'expired' | 'not yet';

export function validityOf({ validFromUs, validUntilUs }: CertificateView, nowUs: number): Validity {
  if (nowUs > validUntilUs) return 'expired';
  if (nowUs < validFromUs) return 'not yet';
  return validUntilUs - nowUs < SOON_US ? 'soon' : 'good';
}

/** What remains, or how long it has been over, in words. */
export function validityText(certificate: CertificateView, nowUs: number): string {
  const { validFromUs, validUntilUs } = certificate;
  const validity = validityOf(certificate, nowUs);
  if (validity === 'expired') return `expired ${spanText(nowUs - validUntilUs)} ago`;
  if (validity === 'not yet') return `not valid for another ${spanText(validFromUs - nowUs)}`;
  return `${spanText(validUntilUs - nowUs)} left`;
}

/** Certificates that somebody must act on; those of authorities expire unseen, too. */
export function certificateHints(certificates: readonly CertificateView[], nowUs: number): Hint[] {
  return certificates
    .filter((certificate) => validityOf(certificate, nowUs) !== 'good')
    .map((certificate) => ({
      code: 'certificate',
      text: `Certificate of ${certificate.listener} (${certificate.option}, ${certificate.subject}): ${validityText(certificate, nowUs)}`,
      href: '/certificates',
    }));
}

function spanText(us: number): string {
  const days = Math.floor(us / (24 * 3600 * 1e6));
  return days >= 2 ? `${days} days` : roughly(us / 1000);
}
