// VUs that could be changed from outside, left as they are.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  scenarios: { open: { executor: 'externally-controlled', vus: 2, maxVUs: 3, duration: '1s' } },
  thresholds: { http_req_failed: ['rate<0.01'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items`);
  sleep(0.1);
}
