// Up, hold, down: every fifth request costs CPU time, so a high enough RATE finds the limit.
import exec from 'k6/execution';
import http from 'k6/http';
import { check } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';
const RATE = Number(__ENV.RATE || 100);
const RAMP = __ENV.RAMP || '15s';
const HOLD = __ENV.HOLD || '10s';

export const options = {
  scenarios: {
    stress: {
      executor: 'ramping-arrival-rate',
      startRate: Math.max(1, Math.round(RATE / 10)),
      timeUnit: '1s',
      preAllocatedVUs: 20,
      maxVUs: 200,
      stages: [
        { target: RATE, duration: RAMP },
        { target: RATE, duration: HOLD },
        { target: 0, duration: RAMP },
      ],
    },
  },
  thresholds: {
    http_req_failed: ['rate<0.05'],
    'http_req_duration{name:GET /fast}': ['p(95)<500'],
    dropped_iterations: ['count<1'],
  },
};

export default function () {
  const path = exec.scenario.iterationInTest % 5 === 0 ? '/cpu' : '/fast';
  const response = http.get(`${BASE_URL}${path}`, { tags: { name: `GET ${path}` } });
  check(response, { 'status is 200': (r) => r.status === 200 });
}
