// Counters of what must not happen, which does not happen.
import http from 'k6/http';
import { Counter, Rate } from 'k6/metrics';

const errors = new Counter('errors');
const wrong = new Rate('wrong');

export const options = { vus: 1, iterations: 10, thresholds: { errors: ['count<1'], wrong: ['rate<0.1'] } };

export default function () {
  const answer = http.get(`${__ENV.BASE_URL}/items`);
  if (answer.status !== 200) {
    errors.add(1);
    wrong.add(true);
  }
}
