/* Sets the clock of a process, as NTP or an administrator sets a machine's: from the moment on that the
 * file $CLOCK_STEP_FILE exists, its wall clock is off by $CLOCK_STEP_S seconds. Whatever cannot be set
 * goes on: the monotonic clock, and with it everything that waits.
 *
 * For LD_PRELOAD, so it reaches programs that ask the C library for the time: Python and Node.js, not k6.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t step(void) {
  static atomic_int done;
  const char *file = getenv("CLOCK_STEP_FILE"), *seconds = getenv("CLOCK_STEP_S");
  if (!done && (!file || !seconds || access(file, F_OK) != 0)) return 0;
  done = 1;
  return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  int (*real)(clockid_t, struct timespec *) =
      (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(clock, out);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += step();
  return code;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  int (*real)(struct timeval *, void *) = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int code = real(out, zone);
  if (code == 0) out->tv_sec += step();
  return code;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
