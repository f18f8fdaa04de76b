// A sudden jump to twenty times the load, and back; every fifth request costs CPU time.
import exec from 'k6/execution';
import http from 'k6/http';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';

export const options = {
  scenarios: {
    spike: {
      executor: 'ramping-arrival-rate',
      startRate: 5,
      timeUnit: '1s',
      stages: [
        { target: 5, duration: '6s' },
        { target: 100, duration: '0s' },
        { target: 100, duration: '4s' },
        { target: 5, duration: '0s' },
        { target: 5, duration: '8s' },
      ],
      preAllocatedVUs: 50,
      maxVUs: 400,
    },
  },
};

export default function () {
  const path = exec.scenario.iterationInTest % 5 === 0 ? '/cpu' : '/fast';
  http.get(`${BASE_URL}${path}`, { tags: { name: `GET ${path}` } });
}
