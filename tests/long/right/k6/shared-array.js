// Users from a file that all VUs share.
import http from 'k6/http';
import { check } from 'k6';
import { SharedArray } from 'k6/data';

const users = new SharedArray('users', () => JSON.parse(open('./data/users.json')).users);

export const options = { vus: 2, iterations: 10, thresholds: { checks: ['rate>0.9'] } };

export default function () {
  const user = users[__ITER % users.length];
  const answer = http.post(`${__ENV.BASE_URL}/login`, JSON.stringify({ user: user.name }));
  check(answer, { 'has a token': (r) => r.json('token') === `token-${user.name}` });
}
