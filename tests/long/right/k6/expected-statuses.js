// Answers of 404 and 429 that are what the test is about.
import http from 'k6/http';
import { check } from 'k6';

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 404));

export const options = { vus: 1, iterations: 10, thresholds: { http_req_failed: ['rate<0.01'], checks: ['rate==1'] } };

export default function () {
  check(http.get(`${__ENV.BASE_URL}/items/999`), { 'not there': (r) => r.status === 404 });
  const limited = { responseCallback: http.expectedStatuses(429) };
  check(http.get(`${__ENV.BASE_URL}/status/429`, limited), { limited: (r) => r.status === 429 });
  check(http.get(`${__ENV.BASE_URL}/items`), { listed: (r) => r.status === 200 });
}
