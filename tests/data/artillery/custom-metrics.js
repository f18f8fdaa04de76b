'use strict';

/** Metrics of a user's own: one of each kind, and values that are no numbers. */
module.exports = { countStart, listen, measureBasket, spoil };

function countStart(context, events, done) {
  events.emit('counter', 'shop.started', 2);
  events.emit('rate', 'shop.start_rate');
  return done();
}

function measureBasket(request, response, context, events, done) {
  events.emit('histogram', 'shop.basket_eur', 12.5);
  return done();
}

/** Hear oneself through the emitter, as hooks of users do. */
async function listen(context, events) {
  const heard = new Promise((resolve) => events.once('shop:heard', resolve));
  events.emit('shop:heard', 1);
  events.emit('counter', 'shop.heard', await heard);
}

function spoil(context, events, done) {
  events.emit('counter', 'shop.spoiled', undefined);
  events.emit('histogram', 'shop.endless', Infinity);
  return done();
}
