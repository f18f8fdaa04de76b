// Ten users who pause between requests: about a hundred requests a second. Without scenarios of its
// own, since Taurus always states the load on k6's command line.
import http from 'k6/http';
import { check, sleep } from 'k6';

export default function () {
  const response = http.get(`${__ENV.BASE_URL}/fast`, { tags: { name: 'GET /fast' } });
  check(response, { 'status is 200': (r) => r.status === 200 });
  sleep(0.1);
}
