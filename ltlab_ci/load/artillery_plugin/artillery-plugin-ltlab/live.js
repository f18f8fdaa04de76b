/**
 * Sends Artillery's own figures of each 10 s by StatsD, for live graphs; nothing is judged by them.
 *
 * Artillery's reporter does the sending. It is called from here, not configured, so that a script's
 * own `publish-metrics` stays as it is.
 * Not here: what is judged (http.js, metrics.js).
 */
import { createRequire } from 'node:module';
import path from 'node:path';

// What a test names itself stands between parts that Artillery names; a dot in it would shift them.
const NAMED = [
  /^(?<before>plugins\.metrics-by-endpoint\.response_time\.)(?<name>.+)$/s,
  /^(?<before>plugins\.metrics-by-endpoint\.)(?<name>.+)(?<between>\.(?:codes|errors)\.)(?<rest>.+)$/s,
  /^(?<before>vusers\.created_by_name\.|errors\.)(?<name>.+)$/s,
];
const BREAKS_STATSD = /[:|#@,\n\r]/g;

/** Start sending to `address` (host:port); returns a promise-making function that ends it. */
export function sendLive({ home, address, tags }, script, events) {
  const packages = path.join(home, 'dist', 'builtin-packages');
  const require = createRequire(path.join(packages, 'artillery-plugin-publish-metrics', 'index.js'));
  const { createDatadogReporter } = require('./lib/datadog');
  const port = address.lastIndexOf(':');
  const reporter = createDatadogReporter(
    {
      type: 'statsd',
      host: address.slice(0, port),
      port: Number(address.slice(port + 1)),
      prefix: 'artillery.',
      tags: Object.entries(tags).map(([name, value]) => `${name}:${value}`),
      event: { send: false },
    },
    { on: (event, take) => events.on(event, (stats) => take(carried(stats))) },
    script,
  );
  return () => new Promise((done) => reporter.cleanup(done));
}

/** Return the figures under names that StatsD can carry, without those that are no number. */
export function carried({ counters = {}, rates = {}, summaries = {} }) {
  return {
    counters: finite(renamed(counters)),
    rates: finite(renamed(rates)),
    summaries: Object.fromEntries(
      Object.entries(renamed(summaries)).map(([name, stats]) => [name, finite(stats)]),
    ),
  };
}

function renamed(figures) {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [safe(name), value]));
}

function finite(figures) {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function safe(name) {
  const found = NAMED.map((form) => form.exec(name)).find(Boolean)?.groups;
  const whole = found
    ? `${found.before}${plain(found.name)}${found.between ?? ''}${plain(found.rest ?? '')}`
    : name;
  return whole.replace(BREAKS_STATSD, '_');
}

function plain(name) {
  return name.replace(/\./g, '_');
}
