// The load of one side of a recorded launch: requests at a constant rate, over one or five endpoints.
import http from 'k6/http';
import exec from 'k6/execution';

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
  const path = paths[exec.scenario.iterationInTest % paths.length];
  http.get(`${__ENV.BASE_URL}${path}`, { tags: { name: path } });
}
