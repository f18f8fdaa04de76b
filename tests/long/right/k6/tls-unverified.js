// HTTPS with a certificate that nobody signed.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  vus: 1, iterations: 5, insecureSkipTLSVerify: true, tlsVersion: { min: 'tls1.2' }, thresholds: { checks: ['rate==1'] },
};

export default function () {
  const answer = http.get(`${__ENV.BASE_URL.replace('http:', 'https:')}/items`);
  check(answer, { secure: (r) => r.status === 200 && r.tls_version.startsWith('tls1.') });
}
