// Several requests at once, as lists, objects and addresses.
import http from 'k6/http';
import { check } from 'k6';

export const options = { vus: 1, iterations: 8, batch: 4, batchPerHost: 2, thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const list = http.batch([
    ['GET', `${base}/items/1`, null, { tags: { part: 'list' } }],
    { method: 'POST', url: `${base}/form`, body: { item: '4' } },
    `${base}/items`,
  ]);
  const named = http.batch({ page: `${base}/`, health: { method: 'GET', url: `${base}/health` } });
  check(list, { 'three answers': (all) => all.length === 3 && all.every((r) => r.status === 200) });
  check(named, { healthy: (all) => all.health.json('ok') && all.page.status === 200 });
}
