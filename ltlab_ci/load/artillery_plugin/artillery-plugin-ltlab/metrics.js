/**
 * Follows Artillery's metric store: each value under the name Artillery gives it.
 *
 * Not here: what the records of the requests say already (http.js).
 */

// Artillery cuts names at this length, and thresholds name what its report shows.
const MAX_NAME = 1024;
// Server-Timing is the one thing metrics-by-endpoint measures that no request record holds.
const REDUNDANT = new RegExp(
  [
    '^http\\.(requests|responses|request_rate|dns|tcp|tls|total)$',
    '^http\\.(codes\\.|response_time(\\.|$))',
    '^vusers\\.created_by_name\\.',
    '^plugins\\.metrics-by-endpoint\\.(?!server-timing\\.)',
  ].join('|'),
);

/** Record what is measured through this class from now on; of `users` that fail, for how long they lived. */
export function recordMetrics(SSMS, recorder, users) {
  const redundant = new Map();
  const isRedundant = (name) => {
    if (!redundant.has(name)) {
      redundant.set(name, REDUNDANT.test(name));
    }
    return redundant.get(name);
  };
  const record = (kind, fullName, value) => {
    const name = fullName.slice(0, MAX_NAME);
    if (isRedundant(name) || (name === 'vusers.failed' && value === 0)) {
      return;
    }
    if (Number.isFinite(value)) {
      const ms = name === 'vusers.failed' ? users.ms : undefined;
      recorder.write(kind, { n: name, v: value, ms });
    } else {
      recorder.write('dropped', { n: name });
    }
  };
  for (const kind of ['counter', 'summary', 'rate']) {
    const original = SSMS.prototype[kind];
    SSMS.prototype[kind] = function (...args) {
      original.apply(this, args);
      record(kind, args[0], kind === 'rate' ? 1 : args[1]);
    };
  }
}
