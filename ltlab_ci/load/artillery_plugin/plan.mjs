/**
 * Says what a prepared Artillery plan will do: for how long, with which scenarios and workers.
 *
 * Not here: preparing it (inspect.mjs).
 */
import os from 'node:os';

const REQUEST_S = 10; // Artillery's own time-out of a request
const UNKNOWN_S = 300; // a pause that only the run will know

/** Return the plan's summary; Error for a length of time that Artillery would refuse later. */
export function describe({ config, scenarios }, ms) {
  return {
    target: config.target ?? null,
    hasTarget: Boolean(config.target),
    phases: config.phases,
    lengths_s: config.phases.map((phase) => lengthOf(phase, ms)),
    duration_s: config.phases.map((phase) => lengthOf(phase, ms)).reduce(add, 0),
    quiet_s: longestWait(config, scenarios, ms),
    scenarios: scenarios.map((scenario, index) => scenario.name ?? String(index)),
    unseen: scenarios.some((scenario) => isUnseen(scenario, scenario.engine ?? config.engine)),
  };
}

/** Return how many workers Artillery starts for the plan on this machine. */
export function countWorkers(plan, divideWork) {
  // Artillery leaves one processor to itself, and never shares out browsers.
  const most = plan.config.engines?.playwright ? 1 : Math.max(1, os.cpus().length - 1);
  try {
    return divideWork(plan, most).length;
  } catch (error) {
    throw new Error(`the load cannot be shared out over workers: ${error.message}`);
  }
}

/** Say whether users may talk to the service without a request that the HTTP engine makes. */
function isUnseen({ flow, beforeScenario, afterScenario }, engine = 'http') {
  const own = !['http', 'ws', 'socketio'].includes(engine);
  return own || callsFunctions([flow, { function: beforeScenario ?? afterScenario }]);
}

function callsFunctions(flow) {
  return [flow ?? []].flat(Infinity).some((step) => {
    return step?.function || callsFunctions(step?.loop ?? step?.parallel ?? []);
  });
}

/** Return how long a virtual user may wait by what the script says, in s: pauses and time-outs. */
function longestWait(config, scenarios, ms) {
  const found = [REQUEST_S];
  const walk = (value, key) => {
    if (/timeout$/i.test(key)) {
      found.push(timeoutOf(value));
    } else if (key === 'think') {
      found.push(thinkOf(value, ms));
    } else if (typeof value === 'object' && value !== null) {
      Object.entries(value).forEach(([name, inner]) => walk(inner, name));
    }
  };
  const { phases, ...rest } = config;
  walk({ rest, scenarios }, '');
  return Math.max(...found);
}

function timeoutOf(value) {
  const number = Number(value);
  // Artillery's own are in seconds, Playwright's in milliseconds.
  return Number.isFinite(number) ? (number >= 1000 ? number / 1000 : number) : 0;
}

function thinkOf(value, ms) {
  if (typeof value === 'object' && value !== null) {
    return Math.max(0, ...Object.values(value).map((each) => thinkOf(each, ms)));
  }
  const seconds = Number.isFinite(Number(value)) ? Number(value) : inSeconds(value, ms);
  return Number.isFinite(seconds) ? seconds : UNKNOWN_S;
}

function lengthOf(phase, ms) {
  const kind = phase.pause === undefined ? 'duration' : 'pause';
  const given = phase[kind];
  if (given === undefined) {
    return phase.rampTo === undefined ? null : 1; // what Artillery takes for a ramp without one
  }
  const seconds = Number.isInteger(Number(given)) ? given : inSeconds(given, ms);
  if (!seconds) {
    throw new Error(`Invalid ${kind} for phase: ${given}`);
  }
  return Number(seconds);
}

function inSeconds(given, ms) {
  return typeof given === 'string' && given !== '' ? ms(given) / 1000 : NaN;
}

function add(sum, seconds) {
  return sum === null || seconds === null ? null : sum + seconds;
}
