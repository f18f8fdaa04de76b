// Visitors who search and look at one article, 20 a second whatever the service answers.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  scenarios: {
    browse: {
      executor: 'constant-arrival-rate',
      rate: 20,
      timeUnit: '1s',
      duration: __ENV.DURATION || '30s',
      preAllocatedVUs: 20,
    },
  },
};

export default function () {
  const found = http.get(`${__ENV.BASE_URL}/articles?search=7`, { tags: { name: 'GET /articles' } });
  check(found, { 'something is found': (r) => r.status === 200 && r.json().length > 0 });
  const number = Math.floor(Math.random() * 500);
  const one = http.get(`${__ENV.BASE_URL}/articles/${number}`, { tags: { name: 'GET /articles/*' } });
  check(one, { 'the article is shown': (r) => r.status === 200 });
}
