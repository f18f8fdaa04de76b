// A name and a password in the address, and in a header.
import http from 'k6/http';
import encoding from 'k6/encoding';
import { check } from 'k6';

export const options = { vus: 1, iterations: 5, thresholds: { checks: ['rate==1'] } };

export default function () {
  const inside = __ENV.BASE_URL.replace('http://', 'http://ann:secret@');
  check(http.get(`${inside}/basic`), { 'by address': (r) => r.json('user') === 'ann' });
  const headers = { Authorization: `Basic ${encoding.b64encode('ann:secret')}` };
  check(http.get(`${__ENV.BASE_URL}/basic`, { headers }), { 'by header': (r) => r.json('user') === 'ann' });
}
