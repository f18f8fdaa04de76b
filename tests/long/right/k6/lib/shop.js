import http from 'k6/http';
import { Rate } from 'k6/metrics';

export const refused = new Rate('refused');

export class Shop {
  constructor(base) {
    this.base = base;
  }

  item(id) {
    const answer = http.get(`${this.base}/items/${id}`, { tags: { name: 'item' } });
    refused.add(answer.status >= 400);
    return answer.json();
  }
}
