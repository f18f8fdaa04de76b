// A limit that aborts the run, since the service refuses all that it is asked.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  vus: 2,
  duration: '20s',
  thresholds: { http_req_failed: [{ threshold: 'rate<0.5', abortOnFail: true, delayAbortEval: '500ms' }] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/status/503`);
  sleep(0.1);
}
