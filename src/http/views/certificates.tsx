import type { VNode } from 'preact';
import type { CertificateView } from '../../model/views.ts';
import { type Validity, validityOf, validityText } from '../certificates.ts';
import { Captured, Cell, Nothing, Pill, Table, Time, type Tone } from './parts.tsx';

const TONE: Readonly<Record<Validity, Tone>> = { good: 'good', soon: 'odd', expired: 'bad', 'not yet': 'bad' };
const USE: Readonly<Record<CertificateView['use'], string>> = {
  own: 'shown to clients',
  chain: 'sent with it',
  authority: 'whose clients are let in',
};
const HEAD = ['Listener', 'For', 'Validity', 'Until', 'From', 'Subject', 'Names', 'Issuer', 'SHA-256', 'File'];

export function Certificates({
  certificates,
  nowUs,
}: {
  certificates: readonly CertificateView[];
  nowUs: number;
}): VNode {
  if (certificates.length === 0) {
    return (
      <p>
        No listener speaks TLS: set <a href="/about/config#http_tls_cert">http_tls_cert</a>,{' '}
        <a href="/about/config#hep_tls_port">hep_tls_port</a> or{' '}
        <a href="/about/config#ipfix_tls_cert">ipfix_tls_cert</a>.
      </p>
    );
  }
  return (
    <>
      <p class="quiet">As read at the start; a file that is replaced counts from the next start on.</p>
      <Table head={HEAD} caption="Certificates">
        <tbody>
          {certificates.map((certificate) => (
            <tr>
              <Cell label="Listener">{certificate.listener}</Cell>
              <Cell label="For" brief>
                {USE[certificate.use]}
              </Cell>
              <Cell label="Validity">
                <Pill
                  text={validityText(certificate, nowUs)}
                  tone={TONE[validityOf(certificate, nowUs)]}
                  href="/certificates"
                />
              </Cell>
              <Cell label="Until">
                <Time us={certificate.validUntilUs} />
              </Cell>
              <Cell label="From">
                <Time us={certificate.validFromUs} />
              </Cell>
              <Cell label="Subject">
                {certificate.subject === '' ? <Nothing /> : <Captured text={certificate.subject} />}
              </Cell>
              <Cell label="Names">
                {certificate.names === '' ? <Nothing /> : <Captured text={certificate.names} />}
              </Cell>
              <Cell label="Issuer">
                <Captured text={certificate.issuer} />
              </Cell>
              <Cell label="SHA-256">
                <code class="fingerprint">{certificate.sha256}</code>
              </Cell>
              <Cell label="File">
                <a href={`/about/config#${certificate.option}`}>{certificate.option}</a>{' '}
                <Captured text={certificate.file} />
              </Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}
