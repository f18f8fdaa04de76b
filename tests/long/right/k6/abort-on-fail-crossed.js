// A limit that aborts the run, since one page of three is not there.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  vus: 2,
  duration: '20s',
  thresholds: { http_req_failed: [{ threshold: 'rate<0.1', abortOnFail: true, delayAbortEval: '500ms' }] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items/${__ITER % 3 ? 1 : 999}`);
  sleep(0.1);
}
