// Rows of a CSV file, parsed at once and read by row.
import http from 'k6/http';
import csv from 'k6/experimental/csv';
import { open } from 'k6/experimental/fs';
import { check } from 'k6';
import { scenario } from 'k6/execution';

const file = await open('./data/items.csv');
const rows = await csv.parse(file, { delimiter: ',', skipFirstLine: true });

export const options = { vus: 1, iterations: 9, thresholds: { checks: ['rate==1'] } };

export default async function () {
  const [id, name] = rows[scenario.iterationInTest % rows.length];
  check(http.get(`${__ENV.BASE_URL}/items/${id}`), { 'is the row': (r) => r.json('name') === name });
}
