// Two kinds of visitors at once: people who browse users, and calls that wait, compute or fail.
import http from 'k6/http';
import { check, group } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:5000';
const RATE = Number(__ENV.RATE || 10);
const DURATION = __ENV.DURATION || '20s';

// Out of ten calls of the second kind; /error fails by design, so a 500 is an expected answer.
const CALLS = ['/slow', '/io', '/io', '/cpu', '/cpu', '/error', '/error', '/fast', '/fast', '/fast'];
const MAY_FAIL = http.expectedStatuses(200, 500);

function arrivals(exec, rate, vus) {
  return {
    executor: 'constant-arrival-rate',
    exec,
    rate,
    timeUnit: '1s',
    duration: DURATION,
    preAllocatedVUs: vus,
    maxVUs: 10 * vus,
  };
}

export const options = {
  scenarios: {
    browse: arrivals('browse', RATE, 10),
    calls: arrivals('calls', RATE, 20),
  },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:GET /users}': ['p(95)<200'],
    'http_req_duration{name:GET /users/:id}': ['p(95)<200'],
    'http_req_duration{name:GET /slow}': ['p(95)<3000'],
    'checks{scenario:browse}': ['rate>0.99'],
  },
};

export function browse() {
  group('users', () => {
    const list = http.get(`${BASE_URL}/users`, { tags: { name: 'GET /users' } });
    const listed = check(list, {
      'users: status is 200': (r) => r.status === 200,
      'users: there are fifty': (r) => r.status === 200 && r.json('#') === 50,
    });
    if (!listed) {
      return;
    }
    const users = list.json();
    const user = users[Math.floor(Math.random() * users.length)];
    const one = http.get(`${BASE_URL}/users/${user.id}`, { tags: { name: 'GET /users/:id' } });
    check(one, {
      'user: status is 200': (r) => r.status === 200,
      'user: is the one asked for': (r) => r.status === 200 && r.json('email') === user.email,
    });
  });
}

export function calls() {
  const path = CALLS[Math.floor(Math.random() * CALLS.length)];
  const params = { tags: { name: `GET ${path}` } };
  if (path === '/error') {
    params.responseCallback = MAY_FAIL;
  }
  const response = http.get(`${BASE_URL}${path}`, params);
  check(response, {
    'call: answers as documented': (r) => r.status === 200 || (path === '/error' && r.status === 500),
  });
}
