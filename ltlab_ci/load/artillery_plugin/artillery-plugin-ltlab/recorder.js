/**
 * A file of samples, one JSON object a line, and the clock that stamps them.
 *
 * Not here: what is recorded (http.js, metrics.js), and when (index.js).
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const FLUSH_BYTES = 64 * 1024;
const FLUSH_MS = 250;
const TAIL_BYTES = 512;

// One origin for the whole run: a clock that is set meanwhile must not bend the durations.
const ORIGIN_NS = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

export class Recorder {
  #fd;
  #file;
  #good = true;
  #lines = [];
  #pending = 0;
  #rows = 0;
  #size = 0;
  #last = 0n;
  #timer;

  constructor(folder, name) {
    fs.mkdirSync(folder, { recursive: true });
    this.#file = path.join(folder, `${name}.ndjson`);
    this.#fd = fs.openSync(this.#file, 'a');
    this.#size = fs.fstatSync(this.#fd).size;
    this.#timer = setInterval(() => this.flush(), FLUSH_MS).unref();
  }

  /** Add one line, stamped with the present time: epoch in ns, unique and rising in this file. */
  write(kind, fields) {
    if (this.#fd === undefined) {
      return;
    }
    const now = ORIGIN_NS + process.hrtime.bigint();
    this.#last = now > this.#last ? now : this.#last + 1n;
    // The stamp exceeds the integers a JavaScript number holds, so it is put in as text.
    const rest = JSON.stringify(fields).slice(1);
    const line = `{"k":"${kind}","t":${this.#last}${rest === '}' ? '' : ','}${rest}\n`;
    this.#lines.push(line);
    this.#rows += 1;
    this.#pending += line.length;
    if (this.#pending >= FLUSH_BYTES) {
      this.flush();
    }
  }

  /** Bring all lines to the file, before this returns. */
  flush() {
    if (this.#lines.length === 0) {
      return;
    }
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#pending = 0;
    if (!this.#good) {
      return;
    }
    try {
      for (let done = 0; done < bytes.length; ) {
        done += fs.writeSync(this.#fd, bytes, done);
      }
      this.#size += bytes.length;
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Write the last line and let go of the file; what comes later is not part of the run. */
  close(fields = {}) {
    if (this.#fd === undefined) {
      return;
    }
    this.write('close', { ...fields, rows: this.#rows });
    this.flush();
    clearInterval(this.#timer);
    fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #giveUp(error) {
    this.#good = false;
    const text = `ltlab: samples are lost from here on, ${this.#file}: ${error.message}\n`;
    // Straight to the descriptor: a worker's process.stderr goes through the main thread, and late.
    attempt(() => fs.writeSync(2, text));
    attempt(() => fs.ftruncateSync(this.#fd, this.#size));
    // An empty file often still fits on a full disk, and its name says enough.
    attempt(() => fs.writeFileSync(`${this.#file}.failed`, text));
  }
}

/** Tell whether each worker's file in the folder has its last line. */
export function allClosed(folder) {
  return fs
    .readdirSync(folder)
    .filter((name) => /^worker-\d+\.ndjson$/.test(name))
    .every((name) => isClosed(path.join(folder, name)));
}

function isClosed(file) {
  if (fs.existsSync(`${file}.failed`)) {
    return true;
  }
  const fd = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    fs.readSync(fd, tail, 0, tail.length, size - tail.length);
    return tail.toString().trimEnd().split('\n').at(-1).startsWith('{"k":"close"');
  } finally {
    fs.closeSync(fd);
  }
}

function attempt(action) {
  try {
    action();
  } catch {
    // The first error is the one that was reported.
  }
}
