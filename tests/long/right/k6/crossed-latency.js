// A limit on latency that a slow page does not keep.
import http from 'k6/http';

export const options = { vus: 1, iterations: 8, thresholds: { http_req_duration: ['p(95)<50'] } };

export default function () {
  http.get(`${__ENV.BASE_URL}/slow?ms=120`);
}
