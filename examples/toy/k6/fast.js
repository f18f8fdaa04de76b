// A steady rate on the cheapest endpoint: what the service adds by itself.
import http from 'k6/http';
import { check } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';

export const options = {
  scenarios: {
    fast: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || 50),
      timeUnit: '1s',
      duration: __ENV.DURATION || '10s',
      preAllocatedVUs: 10,
      maxVUs: 50,
    },
  },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(95)<100'],
    checks: ['rate>0.99'],
  },
};

export default function () {
  const response = http.get(`${BASE_URL}/fast`, { tags: { name: 'GET /fast' } });
  check(response, {
    'fast: status is 200': (r) => r.status === 200,
    'fast: says how long it waited': (r) => r.status === 200 && r.json('wait_ms') >= 0,
  });
}
