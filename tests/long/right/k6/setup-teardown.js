// A token that setup() gets for all VUs, and a teardown() that uses it once more.
import http from 'k6/http';
import { check } from 'k6';

export const options = { vus: 2, iterations: 10, thresholds: { checks: ['rate==1'] }, setupTimeout: '10s' };

export function setup() {
  const answer = http.post(`${__ENV.BASE_URL}/login`, JSON.stringify({ user: 'ann' }));
  return { token: answer.json('token') };
}

export default function (data) {
  const headers = { Authorization: `Bearer ${data.token}` };
  check(http.get(`${__ENV.BASE_URL}/me`, { headers }), { 'is ann': (r) => r.json('me') === 'ann' });
}

export function teardown(data) {
  http.del(`${__ENV.BASE_URL}/items/7`, null, { headers: { Authorization: `Bearer ${data.token}` } });
}
