/**
 * Finds what a prepared script asks for and would not get: functions, plug-ins, engines, checks.
 *
 * Artillery warns of these in its log and runs on: another load than the one that is written.
 * Not here: preparing the script, loading its processor (inspect.mjs).
 */
const BUILT_IN_ENGINES = ['http', 'ws', 'socketio'];
const BUILT_IN_PLUGINS = [
  ...['apdex', 'ensure', 'expect', 'fake-data', 'metrics-by-endpoint', 'publish-metrics', 'slack'],
  'ltlab',
];
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];
const SCENARIO_HOOKS = [
  'beforeRequest',
  'afterResponse',
  'beforeScenario',
  'afterScenario',
  'onError',
];
const REQUEST_HOOKS = ['beforeRequest', 'afterResponse'];
const ENSURED = ['thresholds', 'conditions', 'maxErrorRate', 'min', 'max', 'median', 'p95', 'p99'];
const EXAMPLES = {
  thresholds: 'write them as `thresholds: [{http.response_time.p90: 200}]`',
  conditions: 'write them as `conditions: [{expression: "http.codes.500 < 5"}]`',
};
const SHOWN = 12;

/** Return what is missing, as {message, remedy} each; a message goes on after the script's name. */
export async function missing(plan, processorFile, { loadPlugins, loadPackage, environment }) {
  const empty = Object.entries(plan.config.plugins ?? {}).find(([, options]) => options === null);
  if (empty) {
    // Artillery reads the options of each, and falls over this one.
    const [name] = empty;
    const message = `switches on the plug-in ${name} without a value, which Artillery cannot read`;
    return [{ message, remedy: `write \`${name}: {}\` under config.plugins` }];
  }
  const plugins = await loadPlugins(plan.config.plugins, plan);
  return [
    ...(await missingPlugins(plugins, plan.config, loadPackage)),
    ...(await missingEngines(plan, loadPackage)),
    ...missingFunctions(plan, processorFile, Object.keys(plugins)),
    ...idleChecks(plan, Object.keys(plugins), environment),
  ];
}

async function missingPlugins(plugins, config, loadPackage) {
  const told = [];
  for (const [name, found] of Object.entries(plugins)) {
    const scope = config.plugins?.[name]?.scope ?? config.pluginsScope ?? 'artillery-plugin-';
    if (!found.isLoaded) {
      told.push(`${name} (${(await whyNot(scope + name, loadPackage)) ?? firstLine(found.msg)})`);
    } else if (!found.version) {
      told.push(`${name} (it exports no Plugin)`);
    }
  }
  if (told.length === 0) {
    return [];
  }
  return [
    {
      message: `switches on plug-ins that Artillery cannot load: ${told.join(', ')}`,
      remedy:
        'mend the name, or install it with npm beside the script; Artillery itself brings ' +
        `${BUILT_IN_PLUGINS.slice(0, -1).join(', ')}`,
    },
  ];
}

/** Return why a package does not load, undefined where it does. */
async function whyNot(name, loadPackage) {
  try {
    await loadPackage(name);
    return undefined;
  } catch (error) {
    const absent = error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);
    return absent ? `${name} is not installed` : firstLine(error);
  }
}

async function missingEngines({ config, scenarios, before, after }, loadPackage) {
  const declared = Object.keys(config.engines ?? {});
  const used = [
    ...scenarios.map((scenario) => engineOf(scenario, config)),
    ...[before, after].filter(Boolean).map((section) => section.engine ?? 'http'),
  ];
  const found = [];
  for (const name of new Set(used)) {
    if (!BUILT_IN_ENGINES.includes(name) && !declared.includes(name)) {
      found.push({
        message: `has scenarios for the engine ${name}, which its config does not name`,
        remedy: `add \`engines: {${name}: {}}\` to its config, or mend the name`,
      });
    }
  }
  for (const name of declared.filter((each) => !BUILT_IN_ENGINES.includes(each))) {
    const why = await whyNot(`artillery-engine-${name}`, loadPackage);
    if (why) {
      found.push({
        message: `uses the engine ${name}, which Artillery cannot load: ${why}`,
        remedy: `npm install artillery-engine-${name} beside the script, or mend the name`,
      });
    }
  }
  return found;
}

function missingFunctions(plan, processorFile, plugins) {
  const { processor } = plan.config;
  const known = typeof processor === 'object' && processor !== null ? processor : {};
  // A plug-in that Artillery does not bring may add functions of its own once it is constructed.
  if (plugins.some((name) => !BUILT_IN_PLUGINS.includes(name))) {
    return [];
  }
  const named = [...namedIn(plan)].filter(([name]) => !isFunction(known[name]));
  const absent = [...new Set(named.map(([name, where]) => `${name} (${where})`))];
  if (absent.length === 0) {
    return [];
  }
  const exported = Object.keys(known)
    .filter((name) => name !== 'default' && isFunction(known[name]));
  return [
    {
      message: processorFile
        ? `calls functions that ${processorFile} does not export: ${absent.join(', ')}`
        : `calls functions, and its config names no processor: ${absent.join(', ')}`,
      remedy: exported.length
        ? `mend the name, or export the function; ${processorFile} exports ${shortened(exported)}`
        : 'name the file that exports them in config.processor',
    },
  ];
}

/** Yield [name, where] of all functions that the sections of a script name. */
function* namedIn({ config, scenarios, before, after }) {
  const sections = [before, after].filter(Boolean).map((section) => [section, section.engine]);
  const main = scenarios.map((scenario) => [scenario, engineOf(scenario, config)]);
  for (const [scenario, engine = 'http'] of [...sections, ...main]) {
    if (engine === 'playwright') {
      yield* browserFunctions(scenario, config.processor ?? {});
    } else if (BUILT_IN_ENGINES.includes(engine)) {
      yield* hooks(scenario, SCENARIO_HOOKS);
      yield* steps(scenario.flow);
    }
  }
}

function* browserFunctions({ testFunction, flowFunction }, processor) {
  // It takes the first of the two that exists; a script in TypeScript gives the function itself.
  const names = [testFunction, flowFunction].filter((name) => typeof name === 'string');
  if (!isFunction(testFunction) && !names.some((name) => isFunction(processor[name]))) {
    yield* names.map((name) => [name, name === testFunction ? 'testFunction' : 'flowFunction']);
  }
}

function* steps(flow) {
  for (const step of [flow].flat(Infinity)) {
    if (typeof step !== 'object' || step === null) {
      continue;
    }
    for (const kind of ['function', 'whileTrue']) {
      if (typeof step[kind] === 'string') {
        yield [step[kind], kind];
      }
    }
    yield* steps(step.loop ?? []);
    yield* steps(step.parallel ?? []);
    for (const method of METHODS) {
      yield* hooks(step[method] ?? {}, REQUEST_HOOKS);
    }
    if (typeof step.connect?.function === 'string') {
      yield [step.connect.function, 'connect'];
    }
  }
}

function* hooks(holder, kinds) {
  for (const kind of kinds) {
    for (const name of [holder[kind] ?? []].flat(Infinity)) {
      // A hook's name may be a template, which is known only once a user is at work.
      if (typeof name === 'string' && !name.includes('{{')) {
        yield [name, kind];
      }
    }
  }
}

function* idleChecks({ config, scenarios }, plugins, environment) {
  const limits = config.ensure ?? config.plugins?.ensure ?? {};
  if (environment.ARTILLERY_DISABLE_ENSURE === undefined && Object.keys(limits).length > 0) {
    yield* idleLimits(limits, plugins);
  }
  if (!plugins.includes('expect') && scenarios.some(({ flow }) => expects(flow))) {
    yield {
      message: 'has requests with `expect`, and the plug-in that checks them is not switched on',
      remedy: 'add `plugins: {expect: {}}` to its config; without it nothing is expected',
    };
  }
}

function* idleLimits(limits, plugins) {
  if (!plugins.includes('ensure')) {
    yield {
      message: 'has limits in config.ensure, and the plug-in that checks them is not switched on',
      remedy: 'add `plugins: {ensure: {}}` to its config; without it no limit is checked',
    };
    return;
  }
  const ignored = Object.keys(limits).filter((key) => !ENSURED.includes(key));
  if (ignored.length > 0) {
    yield {
      message: `has limits in \`ensure\` that Artillery does not read: ${ignored.join(', ')}`,
      remedy: EXAMPLES.thresholds,
    };
  }
  for (const key of ['thresholds', 'conditions']) {
    const given = limits[key] ?? [];
    if (!Array.isArray(given) || given.some((each) => typeof each !== 'object')) {
      yield {
        message:
          `has \`ensure.${key}\` that is not a list of mappings, which Artillery does not read`,
        remedy: EXAMPLES[key],
      };
    }
  }
}

function expects(flow) {
  return [flow].flat(Infinity).some(
    (step) =>
      typeof step === 'object' &&
      step !== null &&
      (expects(step.loop ?? []) ||
        expects(step.parallel ?? []) ||
        METHODS.some((method) => step[method]?.expect !== undefined)),
  );
}

function engineOf(scenario, config) {
  return scenario.engine ?? config.engine ?? 'http';
}

function isFunction(value) {
  return typeof value === 'function';
}

function shortened(names) {
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
  return names.slice(0, SHOWN).join(', ') + more;
}

function firstLine(error) {
  return String(error?.message ?? error).trim().split('\n', 1)[0];
}
