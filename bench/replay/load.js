// The load of one side of a recorded launch, over one or five endpoints. Rate and length come from outside.
import http from 'k6/http';
import exec from 'k6/execution';

const paths = __ENV.PATHS.split(',');

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: 1,
      duration: '2s',
      preAllocatedVUs: 60,
      maxVUs: 200,
    },
  },
};

export default function () {
  const path = paths[exec.scenario.iterationInTest % paths.length];
  http.get(`${__ENV.BASE_URL}${path}`, { tags: { name: path } });
}
