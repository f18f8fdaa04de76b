// How long, but not how many: k6 takes one VU.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { duration: '1s', thresholds: { http_req_failed: ['rate<0.01'] } };

export default function () {
  http.get(`${__ENV.BASE_URL}/items`);
  sleep(0.1);
}
