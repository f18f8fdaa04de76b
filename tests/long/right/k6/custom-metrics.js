// Metrics of its own, of all four types, with limits in every form.
import http from 'k6/http';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const items = new Counter('items_seen');
const size = new Gauge('list_size');
const whole = new Rate('whole_lists');
const wait = new Trend('list_wait', true);

export const options = {
  vus: 2,
  iterations: 20,
  thresholds: {
    items_seen: ['count>=60', 'rate>1'],
    'items_seen{list:all}': [{ threshold: 'count>=60' }],
    list_size: ['value==3'],
    whole_lists: ['rate>0.99'],
    list_wait: ['avg<1000', 'med<1000', 'p(99.9)<2000', 'min<1000', 'max<2000'],
  },
};

export default function () {
  const answer = http.get(`${__ENV.BASE_URL}/items`);
  const list = answer.json();
  items.add(list.length, { list: 'all' });
  size.add(list.length);
  whole.add(list.length === 3);
  wait.add(answer.timings.waiting);
}
