/**
 * Loads and checks a test as `artillery run` does, without any load: node inspect.mjs SCRIPT FLAGS.
 *
 * FLAGS is a JSON list of the flags `artillery run` would get; LTLAB_ARTILLERY_HOME names the
 * Artillery. The last line on stdout is one JSON object; all else that is said goes to stderr.
 * Not here: what the prepared plan means (plan.mjs), what it asks for in vain (asked.mjs).
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

import { missing } from './asked.mjs';
import { countWorkers, describe } from './plan.mjs';

const SCHEMA_COMPLAINT = /^Scenario validation error: (.*)/s;

class Refused extends Error {
  constructor(stage, error) {
    super(String(error?.message ?? error));
    this.stage = stage;
  }
}

const exit = process.exit.bind(process);
const said = [];
keepStdoutClean();
process.on('uncaughtException', (error) => refuse(new Refused('processor', error)));
inspect(process.argv[2], process.argv[3] ?? '[]').then(
  (summary) => answer({ ok: true, ...summary }),
  refuse,
);

async function inspect(script, flagList) {
  const artillery = await load(process.env.LTLAB_ARTILLERY_HOME);
  await artillery.createGlobalObject();
  const { argv, flags } = await artillery.parse([script, ...JSON.parse(flagList)]);
  if (flags.dotenv) {
    artillery.dotenv.config({ path: path.resolve(flags.dotenv) });
  }
  const inputs = argv.concat(flags.input ?? [], flags.config ?? []);
  await staged('parse', () => checkInputs(artillery, inputs));
  try {
    const plan = await prepare(artillery, inputs, flags);
    const summary = await staged('validate', () => describe(plan, artillery.ms));
    const workers = await staged('config', () => countWorkers(plan, artillery.divideWork));
    const processor = plan.__originalProcessor ?? plan.config.processor;
    await staged('processor', () => artillery.loadProcessor(plan, { scriptPath: script }));
    const file = typeof processor === 'string' ? path.basename(processor) : '';
    const lacks = await staged('plugins', () => missing(plan, file, artillery));
    return { ...summary, workers, lacks };
  } finally {
    [...scriptBundles(inputs), global.artillery.hasTypescriptProcessor].forEach(removeBundle);
  }
}

async function checkInputs({ readScript, parseScript }, inputs) {
  const contents = [];
  for (const input of inputs) {
    if (/\.(ya?ml|json)$/i.test(input)) {
      contents.push(await parseScript(await readScript(path.resolve(input))));
    } else {
      fs.accessSync(input);
      contents.push({ config: 'known once its code has run' });
    }
  }
  if (!contents.some((content) => content?.config)) {
    throw new Error(`there is no config section in ${inputs.join(', ')}`);
  }
}

async function prepare(artillery, inputs, flags) {
  try {
    return await artillery.prepareTestExecutionPlan(inputs, flags, []);
  } catch (error) {
    const complaint = said.map((line) => SCHEMA_COMPLAINT.exec(line)).find(Boolean);
    throw complaint ? new Refused('validate', complaint[1]) : new Refused(stageOf(error), error);
  }
}

/** Artillery reports all that is wrong with a plan the same way; only its errors tell it apart. */
function stageOf(error) {
  if (error.message.startsWith('Failed to compile Typescript processor')) {
    return 'processor';
  }
  // All inputs have been read by now, so a file that cannot be read is a payload.
  const ofPayload = ['open', 'read'].includes(error.syscall) || /^CSV_/.test(error.code);
  return ofPayload ? 'payload' : 'config';
}

async function staged(stage, action) {
  try {
    return await action();
  } catch (error) {
    throw new Refused(stage, error);
  }
}

function scriptBundles(inputs) {
  return inputs
    .filter((input) => input.toLowerCase().endsWith('.ts'))
    .map((input) => path.resolve(path.dirname(input), 'dist', `${path.basename(input)}.js`));
}

function removeBundle(bundle) {
  if (bundle) {
    fs.rmSync(bundle, { force: true });
    try {
      fs.rmdirSync(path.dirname(bundle));
    } catch {
      // The folder is the user's own, with other files in it, or never came to be.
    }
  }
}

function keepStdoutClean() {
  process.stdout.write = process.stderr.write.bind(process.stderr);
  console.log = (...args) => {
    said.push(util.format(...args));
    console.error(said.at(-1));
  };
  process.exit = (code) => {
    throw new Error(`the test ended the process with exit code ${code ?? 0}`);
  };
}

function refuse(error) {
  const message = String(error?.message ?? error).trim().replace(/\s*\n\s*/g, ' ');
  answer({ ok: false, stage: error?.stage ?? 'config', message });
}

function answer(found) {
  fs.writeSync(1, `${JSON.stringify(found)}\n`);
  // A processor may keep the event loop alive, with a database connection for example.
  exit(0);
}

async function load(home) {
  const lib = (file) => import(pathToFileURL(path.join(home, 'dist', 'lib', file)).href);
  const require = createRequire(path.join(home, 'package.json'));
  const { args, flags } = (await lib('cmds/run.js')).default;
  return {
    createGlobalObject: (await lib('artillery-global.js')).createGlobalObject,
    divideWork: (await lib('dist.js')).default,
    dotenv: require('dotenv'),
    environment: process.env,
    loadPackage: (await lib('builtin-packages.js')).loadBuiltinPackage,
    loadPlugins: (await lib('load-plugins.js')).loadPlugins,
    loadProcessor: (await lib('core/index.js')).runner.runnerFuncs.loadProcessor,
    ms: require('ms'),
    parse: (words) => require('@oclif/core').Parser.parse(words, { args, flags, strict: false }),
    prepareTestExecutionPlan: (await lib('util/prepare-test-execution-plan.js')).default,
    ...(await lib('util.js')),
  };
}
