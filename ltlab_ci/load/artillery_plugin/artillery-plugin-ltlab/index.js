/**
 * The plug-in as Artillery loads it: once in the main thread, once in each worker.
 *
 * Not here: how samples are taken (http.js, metrics.js) and written (recorder.js).
 */
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isMainThread, threadId } from 'node:worker_threads';

import { recordRequests } from './http.js';
import { sendLive } from './live.js';
import { recordMetrics } from './metrics.js';
import { allClosed, Recorder } from './recorder.js';
import { Users } from './users.js';

const CLOSING_MS = 3000;
const POLL_MS = 20;

export const LEGACY_METRICS_FORMAT = false;

// A plug-in is constructed without waiting, so what must be awaited is awaited here. To fail here
// would be a warning to Artillery; to fail in the constructor ends a run that nobody could judge.
const artillery = isMainThread ? {} : await load().catch((error) => ({ error }));

export class Plugin {
  #folder = fromEnvironment('LTLAB_SAMPLES_DIR');
  #close;
  #endLive = async () => {};

  constructor(script, events) {
    this.#close = isMainThread ? followRun(this.#folder, script, events) : followLoad(this.#folder);
    // A worker that ends without being told to was ended by its own code, and Artillery waits for it.
    process.on('exit', (code) => this.#close({ exit: code }));
    if (isMainThread && process.env.LTLAB_STATSD) {
      this.#endLive = sendLive(liveSettings(), script, events);
    }
  }

  cleanup(done) {
    // The main thread exits without waiting for its workers, which would cost their last lines.
    const ready = isMainThread
      ? Promise.all([workersClosed(this.#folder), this.#endLive()])
      : Promise.resolve();
    ready.then(() => {
      this.#close({});
      done();
    }, done);
  }
}

function followLoad(folder) {
  const { error, HttpEngine, SSMS } = artillery;
  if (error) {
    throw error;
  }
  if (SSMS !== global.artillery.__SSMS) {
    throw new Error('ltlab: LTLAB_ARTILLERY_HOME is not the Artillery that runs this test');
  }
  const recorder = new Recorder(folder, `worker-${threadId}`);
  recorder.write('open', { worker: threadId, node: process.version });
  const users = new Users();
  const apartMs = Number(process.env.LTLAB_APART_MS ?? 0);
  const counts = recordRequests(HttpEngine, recorder, users, apartMs);
  recordMetrics(SSMS, recorder, users);
  return (end) => recorder.close({ ...counts, ...end });
}

function followRun(folder, script, events) {
  const recorder = new Recorder(folder, 'main');
  const record = (kind, fields) => {
    recorder.write(kind, fields);
    recorder.flush();
  };
  record('open', { before: Boolean(script.before), after: Boolean(script.after) });
  const phase = (event) => (spec) => {
    record('phase', { event, index: spec.index, name: spec.name ?? null });
  };
  events.on('phaseStarted', phase('started'));
  events.on('phaseCompleted', phase('completed'));
  events.on('done', () => record('done', {}));
  global.artillery.globalEvents.on('checks', (checks) => {
    const told = checks.map((check) => ({
      expression: check.original,
      passed: check.result === 1,
      strict: check.strict,
    }));
    record('checks', { checks: told });
  });
  return (end) => recorder.close(end);
}

async function workersClosed(folder) {
  const deadline = Date.now() + CLOSING_MS;
  while (!allClosed(folder) && Date.now() < deadline) {
    await sleep(POLL_MS);
  }
}

async function load() {
  const home = fromEnvironment('LTLAB_ARTILLERY_HOME');
  const core = (file) => import(pathToFileURL(path.join(home, 'dist', 'lib', 'core', file)).href);
  const [engine, store] = await Promise.all([core('engine_http.js'), core('ssms.js')]);
  return { HttpEngine: engine.default, SSMS: store.SSMS };
}

function liveSettings() {
  return {
    home: fromEnvironment('LTLAB_ARTILLERY_HOME'),
    address: fromEnvironment('LTLAB_STATSD'),
    tags: JSON.parse(fromEnvironment('LTLAB_STATSD_TAGS')),
  };
}

function fromEnvironment(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`ltlab: the environment variable ${name} is not set`);
  }
  return value;
}
