// A class and a metric from a module, options from a file.
import { check } from 'k6';
import { Shop } from './lib/shop.js';

export const options = JSON.parse(open('./data/options.json'));

const shop = new Shop(__ENV.BASE_URL);

export default function () {
  check(shop.item(2), { 'is item 2': (item) => item.id === 2 });
}
