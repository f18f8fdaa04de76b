/**
 * One request on the wire and the times of its phases, finer than the whole ms of Artillery.
 *
 * Not here: which requests there are and what they belong to (http.js).
 */
import process from 'node:process';

const now = process.hrtime.bigint;

export class Exchange {
  #at = { start: now() };
  #bytes = null;
  #name = null;
  #origin;
  #request;
  #scenario = null;
  #status = 0;

  constructor(request, origin) {
    this.#origin = origin;
    this.#request = request;
    if (request.socket) {
      this.#onSocket(request.socket);
    } else {
      request.prependOnceListener('socket', (socket) => this.#onSocket(socket));
    }
    this.#mark(request, 'finish', 'upload');
    request.prependOnceListener('response', (response) => this.#onResponse(response));
  }

  /** Keep the names that the user's script gives the request and its scenario, if any. */
  belongsTo(name, scenario) {
    this.#name = name === undefined || name === null ? null : String(name);
    this.#scenario = scenario ?? null;
  }

  /**
   * Return what a record says of it; an exchange without the end of its body ends now. What was under
   * way when it failed took until then: a timeout counts with the time that somebody waited.
   */
  record(error) {
    const end = this.#at.end ?? now();
    return {
      name: this.#name,
      method: this.#request.method,
      url: this.#origin + this.#request.path,
      status: this.#status,
      error,
      scenario: this.#scenario,
      bytes: this.#bytes,
      ms: phases(this.#at, end, error ? end : undefined),
    };
  }

  /** Call back once the body has ended, or the connection has. */
  whenOver(callback) {
    if (this.#at.end === undefined) {
      this.#request.once('close', callback);
    } else {
      callback();
    }
  }

  #onSocket(socket) {
    this.#at.socket = now();
    if (!socket.connecting) {
      this.#at.ready = this.#at.socket;
      return; // kept alive from an earlier request: nothing was looked up or connected for this one
    }
    this.#mark(socket, 'lookup', 'lookup');
    this.#mark(socket, 'connect', 'connect');
    this.#mark(socket, 'secureConnect', 'secureConnect');
    this.#mark(socket, socket.encrypted ? 'secureConnect' : 'connect', 'ready');
  }

  #onResponse(response) {
    this.#at.response = now();
    this.#status = response.statusCode;
    this.#bytes = 0;
    this.#mark(response, 'end', 'end');
    // Artillery reads the body in this same event, so listening does not start a stream it left.
    response.on('data', (chunk) => {
      this.#bytes += chunk.length;
    });
  }

  #mark(emitter, event, moment) {
    emitter.prependOnceListener(event, () => {
      this.#at[moment] = now();
    });
  }
}

function phases(at, end, failed) {
  const connected = at.secureConnect ?? at.connect ?? at.socket;
  // Without a connection nothing was sent, so there is nothing that was under way.
  const sent = at.upload ?? (at.ready && failed && (at.response ?? failed));
  const spans = {
    wait: [at.start, at.socket],
    dns: [at.socket, at.lookup],
    tcp: [at.lookup ?? at.socket, at.connect],
    tls: [at.connect, at.secureConnect],
    request: [connected, sent],
    firstByte: [at.upload, at.response ?? failed],
    download: [at.response, at.end ?? failed],
    total: [at.start, end],
  };
  const ms = {};
  for (const [phase, [from, to]] of Object.entries(spans)) {
    // A server may answer before the upload is over; then there is no wait for the first byte.
    if (from !== undefined && to !== undefined && to >= from) {
      ms[phase] = Number(to - from) / 1e6;
    }
  }
  return ms;
}
