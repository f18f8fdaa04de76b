// A number of iterations that VUs share, in groups one within another.
import http from 'k6/http';
import { check, group } from 'k6';

export const options = {
  scenarios: { buy: { executor: 'shared-iterations', vus: 2, iterations: 12, maxDuration: '10s' } },
  thresholds: {
    'http_req_duration{group:::shop::item}': ['max<2000'],
    'group_duration{group:::shop}': ['p(90)<3000'],
    iterations: ['count==12'],
  },
};

export default function () {
  group('shop', () => {
    http.get(`${__ENV.BASE_URL}/`);
    group('item', () => {
      const answer = http.get(`${__ENV.BASE_URL}/items/2`);
      check(answer, { 'is item 2': (r) => r.json('name') === 'item 2' });
    });
  });
}
