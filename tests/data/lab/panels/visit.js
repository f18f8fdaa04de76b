// Records every metric that a panel shows: groups, checks, failures, iterations that found no VU.
import http from 'k6/http';
import { check, group, sleep } from 'k6';

const { BASE_URL } = __ENV;

export const options = {
  scenarios: {
    visits: { executor: 'constant-vus', vus: 2, duration: '6s' },
    crowd: {
      executor: 'constant-arrival-rate',
      exec: 'waits',
      rate: 20,
      timeUnit: '1s',
      duration: '6s',
      preAllocatedVUs: 1,
    },
  },
};

export default function visit() {
  group('users', () => {
    const list = http.get(`${BASE_URL}/users`, { tags: { name: 'GET /users' } });
    check(list, { 'there are users': (r) => r.status === 200, 'it is a teapot': (r) => r.status === 418 });
  });
  group('nothing', () => http.get(`${BASE_URL}/nothing`, { tags: { name: 'GET /nothing' } }));
  http.post(`${BASE_URL}/users`, 'not wanted', { tags: { name: 'POST /users' } });
  sleep(0.05);
}

export function waits() {
  http.get(`${BASE_URL}/io`, { tags: { name: 'GET /io' } });
}
