import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const items = new Counter('items');
const size = new Trend('size');

export const options = {
  scenarios: { steady: { executor: 'constant-arrival-rate', rate: 50, duration: '4s', preAllocatedVUs: 5 } },
};

export default function () {
  group('look, a = "group"', () => {
    const answer = http.get(`${__ENV.BASE_URL}/fast`, { tags: { name: 'GET /fast' } });
    check(answer, { 'is 200': (r) => r.status === 200 });
    items.add(2, { kind: 'a b' });
    size.add(answer.body.length);
  });
}
