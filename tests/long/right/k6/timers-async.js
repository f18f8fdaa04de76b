// Requests that run beside each other, and timers.
import http from 'k6/http';
import { setTimeout } from 'k6/timers';
import { check } from 'k6';

export const options = { vus: 2, iterations: 8, thresholds: { checks: ['rate==1'], http_reqs: ['count==16'] } };

export default async function () {
  const slow = http.asyncRequest('GET', `${__ENV.BASE_URL}/slow?ms=60`);
  const fast = http.asyncRequest('GET', `${__ENV.BASE_URL}/items`);
  const answers = await Promise.all([slow, fast]);
  check(answers, { 'both came': (all) => all.every((r) => r.status === 200) });
  await new Promise((done) => setTimeout(done, 50));
}
