import http from 'k6/http';
import { check } from 'k6';

export const options = {
  scenarios: {
    browse: {
      executor: 'constant-arrival-rate',
      rate: 20,
      timeUnit: '1s',
      duration: __ENV.DURATION || '10s',
      preAllocatedVUs: 10,
    },
  },
};

export default function () {
  const base = __ENV.BASE_URL;
  const list = http.get(`${base}/items`, { tags: { name: 'GET /items' } });
  check(list, { 'items are listed': (answer) => answer.status === 200 });
  const one = http.get(`${base}/items/2`, { tags: { name: 'GET /items/:id' } });
  check(one, { 'an item has a price': (answer) => answer.status === 200 && answer.json('price') > 0 });
}
