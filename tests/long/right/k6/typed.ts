// TypeScript, as k6 takes it.
import http from 'k6/http';
import { check } from 'k6';
import { Options } from 'k6/options';

interface Item { id: number; name: string }

export const options: Options = { vus: 1, iterations: 5, thresholds: { checks: ['rate==1'] } };

export default function (): void {
  const list = http.get(`${__ENV.BASE_URL}/items`).json() as unknown as Item[];
  check(list, { named: (all: Item[]) => all.every((each) => each.name.startsWith('item')) });
}
