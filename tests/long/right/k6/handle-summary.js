// A summary of its own instead of k6's.
import http from 'k6/http';

export const options = {
  vus: 1,
  iterations: 10,
  summaryTrendStats: ['avg', 'p(99)', 'count'],
  summaryTimeUnit: 'ms',
  thresholds: { http_req_duration: ['p(95)<2000'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items`);
}

export function handleSummary(data) {
  return { stdout: `${data.metrics.http_reqs.values.count} requests were made\n` };
}
