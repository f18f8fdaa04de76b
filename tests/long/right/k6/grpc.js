// Unary calls, one of which is not found on purpose.
import grpc from 'k6/net/grpc';
import { check } from 'k6';

const client = new grpc.Client();
client.load(['lib'], 'shop.proto');

export const options = { vus: 1, iterations: 8, thresholds: { checks: ['rate==1'], grpc_req_duration: ['p(95)<2000'] } };

export default function () {
  client.connect(__ENV.BASE_URL.replace('http://', ''), { plaintext: true });
  const found = client.invoke('shop.Catalog/Find', { id: 5 });
  check(found, { found: (r) => r.status === grpc.StatusOK && r.message.name === 'item 5' });
  client.close();
}
