// Errors and delays that come and go: for two times four seconds, requests meet slow and failing
// endpoints; in between and afterwards all must be well again.
import exec from 'k6/execution';
import http from 'k6/http';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';
const TROUBLE_S = [[6, 10], [16, 20]];
const CALM = ['/fast', '/users'];
const TROUBLE = ['/error', '/io', '/error', '/slow'];

export const options = {
  scenarios: {
    resilience: {
      executor: 'constant-arrival-rate',
      rate: 10,
      timeUnit: '1s',
      duration: '26s',
      preAllocatedVUs: 30,
      maxVUs: 100,
    },
  },
};

export default function () {
  const elapsed_s = (Date.now() - exec.scenario.startTime) / 1000;
  const paths = TROUBLE_S.some(([from, to]) => from <= elapsed_s && elapsed_s < to) ? TROUBLE : CALM;
  const path = paths[exec.scenario.iterationInTest % paths.length];
  http.get(`${BASE_URL}${path}`, { tags: { name: `GET ${path}` } });
}
