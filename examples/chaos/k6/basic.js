// Usual load on endpoints some of which are slow or fail.
import exec from 'k6/execution';
import http from 'k6/http';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';
const PATHS = [
  '/fast', '/users', '/io', '/fast', '/error', '/fast', '/users', '/slow', '/fast', '/io',
];

export const options = {
  scenarios: {
    basic: {
      executor: 'constant-arrival-rate',
      rate: 10,
      timeUnit: '1s',
      duration: '15s',
      preAllocatedVUs: 20,
      maxVUs: 100,
    },
  },
};

export default function () {
  const path = PATHS[exec.scenario.iterationInTest % PATHS.length];
  http.get(`${BASE_URL}${path}`, { tags: { name: `GET ${path}` } });
}
