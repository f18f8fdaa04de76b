// A rate that rises and falls.
import http from 'k6/http';

export const options = {
  scenarios: {
    hill: {
      executor: 'ramping-arrival-rate',
      startRate: 5,
      timeUnit: '1s',
      preAllocatedVUs: 5,
      stages: [{ target: 20, duration: '1s' }, { target: 0, duration: '1s' }],
    },
  },
  thresholds: { 'http_req_duration{expected_response:true}': ['p(99)<2000'] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/items`);
}
