// A file, and fields beside it.
import http from 'k6/http';
import { check } from 'k6';

const image = open('./data/items.csv', 'b');

export const options = { vus: 1, iterations: 5, thresholds: { checks: ['rate==1'] } };

export default function () {
  const body = { note: 'as asked for', file: http.file(image, 'items.csv', 'text/csv') };
  check(http.post(`${__ENV.BASE_URL}/upload`, body), { taken: (r) => r.status === 200 && r.json('bytes') > 100 });
}
