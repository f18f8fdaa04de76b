// A page that is read, its link followed and its form sent.
import http from 'k6/http';
import { parseHTML } from 'k6/html';
import { check } from 'k6';

export const options = { vus: 1, iterations: 5, thresholds: { checks: ['rate==1'] } };

export default function () {
  const page = http.get(`${__ENV.BASE_URL}/`);
  check(parseHTML(page.body), { 'has a title': (doc) => doc.find('title').text() === 'Shop' });
  check(page.clickLink({ selector: '#first' }), { 'is item 1': (r) => r.json('id') === 1 });
  const sent = page.submitForm({ formSelector: '#order', fields: { item: '9' } });
  check(sent, { 'was sent whole': (r) => r.json('item') === '9' && r.json('csrf') === 'c0ffee' });
}
