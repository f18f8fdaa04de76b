// A few VUs in a loop, a check, limits on latency and failures.
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  vus: 3,
  duration: '1s',
  thresholds: { http_req_failed: ['rate<0.01'], http_req_duration: ['p(95)<2000'], checks: ['rate==1'] },
};

export default function () {
  const answer = http.get(`${__ENV.BASE_URL}/items`);
  check(answer, { 'lists three': (r) => r.status === 200 && r.json().length === 3 });
  sleep(0.05);
}
