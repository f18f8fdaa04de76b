import http from 'k6/http';

export const options = { vus: 2, duration: __ENV.DURATION || '10s' };

export default function () {
  http.get(`${__ENV.BASE_URL}/search`, { tags: { name: 'GET /search' } });
}
