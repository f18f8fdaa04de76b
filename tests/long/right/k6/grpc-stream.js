// A stream of the server.
import { Client, Stream } from 'k6/net/grpc';
import { check } from 'k6';

const client = new Client();
client.load(['lib'], 'shop.proto');

export const options = { vus: 1, iterations: 5, thresholds: { checks: ['rate==1'] } };

export default function () {
  if (__ITER === 0) client.connect(__ENV.BASE_URL.replace('http://', ''), { plaintext: true });
  const stream = new Stream(client, 'shop.Catalog/List');
  let heard = 0;
  stream.on('data', () => { heard += 1; });
  stream.on('end', () => check(heard, { 'heard three': (n) => n === 3 }));
  stream.write({ id: 1 });
  stream.end();
}
