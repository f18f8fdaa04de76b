// One check of two never holds.
import http from 'k6/http';
import { check } from 'k6';

export const options = { vus: 1, iterations: 8, thresholds: { checks: ['rate>0.9'] } };

export default function () {
  check(http.get(`${__ENV.BASE_URL}/items`), { ok: (r) => r.status === 200, 'has four': (r) => r.json().length === 4 });
}
