'use strict';

const TROUBLE_S = [[6, 10], [16, 20]];
const CALM = ['/fast', '/users'];
const TROUBLE = ['/error', '/io', '/error', '/slow'];

// Of this worker: each starts with the first user that arrives in it.
let start_ms;
let count = 0;

function choosePath(context, events, done) {
  start_ms ??= Date.now();
  const elapsed_s = (Date.now() - start_ms) / 1000;
  const troubled = TROUBLE_S.some(([from, to]) => from <= elapsed_s && elapsed_s < to);
  const paths = troubled ? TROUBLE : CALM;
  context.vars.path = paths[count % paths.length];
  count += 1;
  return done();
}

module.exports = { choosePath };
