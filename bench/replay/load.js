// The load of one side of a recorded launch: requests at a constant rate, over one or five endpoints.
// Each start is put off by a random part of the time to the next one, as `ltlab compare` does it.
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';

const paths = __ENV.PATHS.split(',');

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE),
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: 60,
      maxVUs: 200,
    },
  },
};

export default function () {
  sleep(Math.random() / Number(__ENV.RATE));
  const path = paths[exec.scenario.iterationInTest % paths.length];
  http.get(`${__ENV.BASE_URL}${path}`, { tags: { name: path } });
}
