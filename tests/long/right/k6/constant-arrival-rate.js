// Iterations that start by a rate, whatever the service does.
import http from 'k6/http';

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', duration: '2s', preAllocatedVUs: 5, maxVUs: 20,
    },
  },
  thresholds: { dropped_iterations: ['count<1'], http_reqs: ['rate>10'], http_req_failed: ['rate<0.01'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items/3`);
}
