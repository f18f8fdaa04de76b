// Bodies are dropped, but for one that is needed.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  vus: 2, iterations: 10, discardResponseBodies: true, userAgent: 'shop test', noConnectionReuse: true,
  thresholds: { checks: ['rate==1'], data_received: ['count>100'] },
};

export default function () {
  check(http.get(`${__ENV.BASE_URL}/items`), { 'has no body': (r) => r.body === null });
  const kept = http.get(`${__ENV.BASE_URL}/items/1`, { responseType: 'text' });
  check(kept, { 'has one': (r) => r.json('id') === 1 });
}
