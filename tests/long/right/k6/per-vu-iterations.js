// Each VU has its number of iterations, and asks who it is.
import http from 'k6/http';
import exec from 'k6/execution';
import { check } from 'k6';

export const options = {
  scenarios: { each: { executor: 'per-vu-iterations', vus: 2, iterations: 5, maxDuration: '10s' } },
  thresholds: { checks: ['rate>0.99'], 'http_reqs{scenario:each}': ['count>=10'] },
};

export default function () {
  const id = exec.vu.idInTest;
  exec.vu.metrics.tags.vu_name = `vu-${id}`;
  const answer = http.get(`${__ENV.BASE_URL}/items/${id}`);
  check(answer, {
    'has its own': (r) => r.json('id') === id,
    'knows the scenario': () => exec.scenario.name === 'each',
    'counts from 0': () => exec.vu.iterationInScenario < 5,
  });
}
