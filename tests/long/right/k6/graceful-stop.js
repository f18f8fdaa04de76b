// Iterations that are still running when their time is over, and may end.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  scenarios: { slow: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '3s' } },
  thresholds: { http_req_failed: ['rate<0.01'], iterations: ['count>=2'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/slow?ms=300`);
  sleep(0.5);
  http.get(`${__ENV.BASE_URL}/items`);
}
