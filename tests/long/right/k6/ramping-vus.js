// VUs that come and go in stages; those that go may end their iteration.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  scenarios: {
    wave: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [{ duration: '600ms', target: 4 }, { duration: '600ms', target: 4 }, { duration: '600ms', target: 0 }],
      gracefulRampDown: '1s',
    },
  },
  thresholds: { http_req_failed: ['rate<0.01'], vus_max: ['value>=4'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items/1`);
  sleep(0.1);
}
