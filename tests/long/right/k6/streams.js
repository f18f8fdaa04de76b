// A stream that hands out what to ask for, one after another.
import http from 'k6/http';
import { ReadableStream } from 'k6/experimental/streams';
import { check } from 'k6';

export const options = { vus: 1, iterations: 4, thresholds: { checks: ['rate==1'] } };

export default async function () {
  let next = 0;
  const stream = new ReadableStream({
    pull(controller) {
      next += 1;
      if (next > 3) controller.close();
      else controller.enqueue(next);
    },
  });
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    check(http.get(`${__ENV.BASE_URL}/items/${part.value}`), { 'is there': (r) => r.status === 200 });
  }
}
