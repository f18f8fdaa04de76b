// Redirects, followed and not followed.
import http from 'k6/http';
import { check } from 'k6';

export const options = { vus: 1, iterations: 6, maxRedirects: 4, thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] } };

export default function () {
  const followed = http.get(`${__ENV.BASE_URL}/redirect/3`);
  check(followed, { arrived: (r) => r.status === 200 && r.url.endsWith('/health') });
  const kept = http.get(`${__ENV.BASE_URL}/redirect/3`, { redirects: 0 });
  check(kept, { stayed: (r) => r.status === 302 && r.headers.Location === '/redirect/2' });
}
