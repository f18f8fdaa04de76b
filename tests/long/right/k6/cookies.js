// Cookies: set by the service, by hand, and by a jar.
import http from 'k6/http';
import { check } from 'k6';

export const options = { vus: 1, iterations: 6, thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const set = http.get(`${base}/set-cookie/full`);
  check(set, { 'was sent on': (r) => r.json('cookie') === 'basket=full' });
  const jar = http.cookieJar();
  jar.set(base, 'theme', 'dark');
  check(jar.cookiesForURL(base), { 'has both': (c) => c.basket[0] === 'full' && c.theme[0] === 'dark' });
  const own = http.get(`${base}/cookies`, { cookies: { basket: { value: 'empty', replace: true } } });
  check(own, { 'was replaced': (r) => r.json('cookie').includes('basket=empty') });
}
