/**
 * Says what a prepared Artillery plan will do: for how long, with which scenarios and workers.
 *
 * Not here: preparing it (inspect.mjs).
 */
import os from 'node:os';

/** Return the plan's summary; Error for a length of time that Artillery would refuse later. */
export function describe({ config, scenarios }, ms) {
  return {
    target: config.target ?? null,
    hasTarget: Boolean(config.target),
    phases: config.phases,
    lengths_s: config.phases.map((phase) => lengthOf(phase, ms)),
    duration_s: config.phases.map((phase) => lengthOf(phase, ms)).reduce(add, 0),
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
