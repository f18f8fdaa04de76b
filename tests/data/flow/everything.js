// Uses every kind of metric that k6 has, in setup and teardown too.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const url = __ENV.BASE_URL;
const baskets = new Counter('baskets');
const revenue = new Counter('revenue_eur');
const stock = new Gauge('stock');
const sold = new Rate('sold');
const weight = new Trend('weight_kg');
const waited = new Trend('waited', true);
const never = new Trend('never_used');

export const options = {
  scenarios: {
    steady: { executor: 'constant-vus', vus: 2, duration: '2s' },
    open: {
      executor: 'constant-arrival-rate',
      rate: 40,
      duration: '2s',
      preAllocatedVUs: 1,
      maxVUs: 1,
      exec: 'slow',
    },
  },
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'],
  thresholds: {
    http_req_duration: ['p(95)<60000', 'max<0.001'],
    'http_req_duration{expected_response:true}': ['p(99)<60000'],
    'http_req_duration{name:nobody}': ['p(95)<500'],
    'group_duration{group:::shop}': ['avg>0'],
    checks: ['rate>0.5'],
    weight_kg: ['p(95)>1'],
    never_used: ['p(95)<1'],
    dropped_iterations: ['count>0'],
    errors_of_nobody: ['count<1'],
  },
};

export const missing = new Counter('errors_of_nobody');

export function setup() {
  http.get(`${url}/users`);
  baskets.add(3);
  return { started: Date.now() };
}

export default function (data) {
  group('shop', () => {
    const answer = http.get(`${url}/fast`, { tags: { name: 'GET "fast", then\nmore' } });
    check(answer, { 'is ok': (r) => r.status === 200, 'is lucky': () => Math.random() < 0.5 });
  });
  http.get(`${url}/nowhere?a=1,2&b="x"`);
  baskets.add(1);
  revenue.add(12.345678901);
  stock.add(100 - __ITER);
  sold.add(__ITER % 3 === 0);
  weight.add(Math.exp(Math.random() * 20 - 5));
  waited.add(Date.now() - data.started);
  sleep(0.02);
}

export function slow() {
  http.get(`${url}/io`);
}

export function teardown() {
  http.get(`${url}/fast`);
  stock.add(-1);
}
