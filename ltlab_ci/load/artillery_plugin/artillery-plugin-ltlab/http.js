/**
 * Follows Artillery's HTTP engine: one record for each request that `http.requests` counts.
 *
 * Not here: the times of one request (exchange.js), the other metrics (metrics.js).
 */
import { Exchange } from './exchange.js';

/**
 * Record the requests of all engines made after this call; the result counts them. In a comparison each
 * scenario starts up to `apartMs` later than it would: two loads of one rate would keep step otherwise.
 * There `users` are followed, too.
 */
export function recordRequests(HttpEngine, recorder, users, apartMs = 0) {
  const counts = { requests: 0, unfinished: 0 };
  const tapped = new WeakSet();
  let latest;

  function tap(ee, scenario) {
    const view = tapInto(ee, (params) => {
      // Artillery names a request in the very event in which `follow` has seen it start.
      latest?.belongsTo(params.name, scenario);
    });
    tapped.add(view);
    return view;
  }

  function follow(promise, firstUrl) {
    const running = new Set();
    let url = firstUrl;
    let current;
    const finish = (exchange, error) => {
      if (running.delete(exchange)) {
        counts.requests += 1;
        counts.unfinished -= 1;
        recorder.write('req', exchange.record(error));
      }
    };
    promise.on('request', (request) => {
      current = latest = new Exchange(request, new URL(url).origin);
      counts.unfinished += 1;
      running.add(current);
    });
    promise.on('redirect', (options) => {
      const hop = current;
      hop.whenOver(() => finish(hop, null));
      url = options.url;
    });
    const settle = (error) => {
      for (const exchange of running) {
        finish(exchange, exchange === current ? error : null);
      }
    };
    promise.then(
      () => settle(null),
      (error) => settle(error.code ?? error.name),
    );
    return promise;
  }

  const { createScenario, init, step } = HttpEngine.prototype;
  // Artillery awaits `init` only if it is declared async.
  HttpEngine.prototype.init = async function () {
    await init.call(this);
    const { request } = this;
    this.request = (options) => follow(request(options), options.url);
  };
  HttpEngine.prototype.createScenario = function (spec, ee) {
    const run = createScenario.call(this, spec, tap(ee, spec.name));
    if (!apartMs) {
      return run;
    }
    return (context, done) => setTimeout(run, Math.random() * apartMs, context, users.begin(done));
  };
  // The Socket.IO engine hands single steps over, without a scenario.
  HttpEngine.prototype.step = function (spec, ee, options) {
    return step.call(this, spec, tapped.has(ee) ? ee : tap(ee), options);
  };
  return counts;
}

const SUBSCRIBING = ['on', 'once', 'addListener', 'off', 'removeListener', 'removeAllListeners'];

/** Return a view of the emitter which differs in nothing but telling of each request. */
function tapInto(ee, onRequest) {
  const view = Object.create(ee);
  for (const method of SUBSCRIBING) {
    view[method] = (...args) => {
      ee[method](...args);
      return view;
    };
  }
  view.emit = (event, ...args) => {
    if (event === 'trace:http:request') {
      onRequest(args[0]);
    }
    return ee.emit(event, ...args);
  };
  return view;
}
