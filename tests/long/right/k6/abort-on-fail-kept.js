// Limits that would abort the run, with and without delay, and never have to.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  vus: 2,
  duration: '2s',
  thresholds: {
    http_req_failed: [{ threshold: 'rate<0.5', abortOnFail: true }],
    http_req_duration: ['p(95)<2000', { threshold: 'p(99)<3000', abortOnFail: true, delayAbortEval: '1s' }],
  },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items`);
  sleep(0.1);
}
