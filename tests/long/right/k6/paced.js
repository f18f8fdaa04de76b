// Iterations of a least length, and a load that is stated as stages at the top.
import http from 'k6/http';

export const options = {
  stages: [{ duration: '500ms', target: 3 }, { duration: '1s', target: 3 }],
  minIterationDuration: '200ms',
  thresholds: { http_reqs: ['count<30'], http_req_failed: ['rate<0.01'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/gzip`, { compression: 'gzip' });
}
