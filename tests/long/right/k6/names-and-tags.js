// Addresses with ids under one name, by a template and by a tag; limits on each name.
import http from 'k6/http';

export const options = {
  vus: 2,
  iterations: 20,
  tags: { team: 'shop' },
  thresholds: {
    [`http_req_duration{name:\${}/items/\${}}`]: ['p(95)<2000'],
    'http_req_duration{name:item page}': ['p(95)<2000'],
    'http_req_duration{team:shop,method:GET,status:200}': ['p(95)<2000'],
  },
};

export default function () {
  http.get(http.url`${__ENV.BASE_URL}/items/${1 + (__ITER % 90)}`);
  http.get(`${__ENV.BASE_URL}/items/${__VU}?page=${__ITER}`, { tags: { name: 'item page' } });
}
