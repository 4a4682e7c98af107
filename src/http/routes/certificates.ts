import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { CertificateSchema, listOf, wholeList } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { certificatesText } from '../text/certificates.ts';
import { Certificates } from '../views/certificates.tsx';
import { addPage } from './page.ts';

/** `/certificates`: what the listeners with TLS show, and until when. */
export function certificateRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { certificates } = deps;
  addPage(app, deps, {
    path: '/certificates',
    summary: 'Certificates of the listeners with TLS, and until when they are valid',
    tag: 'About',
    schema: listOf(CertificateSchema),
    read() {
      const nowUs = deps.clock();
      return {
        title: 'Certificates',
        data: withTimes(wholeList(certificates)),
        html: () => Certificates({ certificates, nowUs }),
        text: (zone) => certificatesText(certificates, nowUs, zone),
      };
    },
  });
}
