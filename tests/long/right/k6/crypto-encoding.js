// Signed requests: hashes, HMAC, base64, and random bytes.
import http from 'k6/http';
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { check } from 'k6';

export const options = { vus: 1, iterations: 6, thresholds: { checks: ['rate==1'] } };

export default function () {
  const body = JSON.stringify({ nonce: encoding.b64encode(crypto.randomBytes(8)) });
  const headers = { 'X-Signature': crypto.hmac('sha256', 'secret', body, 'hex') };
  const answer = http.post(`${__ENV.BASE_URL}/echo`, body, { headers });
  check(answer, {
    'carries the signature': (r) => r.json('headers.x-signature') === headers['X-Signature'],
    'hashes as everywhere': () => crypto.md5('k6', 'hex').length === 32,
    'decodes what it encodes': () => encoding.b64decode(encoding.b64encode('shop'), 'std', 's') === 'shop',
  });
}
