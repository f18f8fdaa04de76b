// Two functions by two executors, one after the other, each with tags, variables and limits of its own.
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  scenarios: {
    browse: { executor: 'constant-vus', exec: 'browse', vus: 2, duration: '1s', tags: { kind: 'read' } },
    order: {
      executor: 'per-vu-iterations', exec: 'order', vus: 1, iterations: 5, startTime: '500ms', maxDuration: '5s',
      env: { USER: 'ann' }, tags: { kind: 'write' },
    },
  },
  thresholds: {
    'http_req_duration{kind:read}': ['p(95)<2000'],
    'http_req_duration{scenario:order}': ['p(95)<2000'],
    'checks{kind:write}': ['rate==1'],
  },
};

export function browse() {
  http.get(`${__ENV.BASE_URL}/items`);
  sleep(0.1);
}

export function order() {
  const made = http.post(`${__ENV.BASE_URL}/items`, JSON.stringify({ by: __ENV.USER }));
  check(made, { created: (r) => r.status === 201 && r.json('by') === 'ann' });
}
