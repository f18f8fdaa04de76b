/**
 * Knows for how long the virtual user was at work whose end Artillery is telling of.
 *
 * Not here: the requests of a user (http.js), what Artillery tells (metrics.js).
 */
import process from 'node:process';

const now = process.hrtime.bigint;

export class Users {
  #began;

  /** Begin a virtual user; returns what Artillery calls at its end, in place of `done`. */
  begin(done) {
    const began = now();
    return (...result) => {
      this.#began = began;
      try {
        return done(...result);
      } finally {
        this.#began = undefined;
      }
    };
  }

  /** Return the age in ms of the user that is ending in this moment; undefined where that is unknown. */
  get ms() {
    return this.#began === undefined ? undefined : Number(now() - this.#began) / 1e6;
  }
}
