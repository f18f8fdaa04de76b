// The service by the name localhost, and by one that the script maps to it.
import http from 'k6/http';
import { check } from 'k6';

const port = __ENV.BASE_URL.split(':')[2];

export const options = {
  vus: 1, iterations: 5, hosts: { 'shop.test': '127.0.0.1' }, dns: { ttl: '1m', select: 'first', policy: 'preferIPv4' },
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  check(http.get(`http://localhost:${port}/items`), { 'by localhost': (r) => r.status === 200 });
  check(http.get(`http://shop.test:${port}/items`), { 'by its name': (r) => r.status === 200 });
}
