'use strict';

const PATIENCE_MS = 5000;

function startClock(context, events, done) {
  context.vars.started_ms = Date.now();
  return done();
}

function countCreated(request, response, context, events, done) {
  if (response.statusCode === 202) {
    events.emit('counter', 'jobs_created', 1);
  }
  return done();
}

function isUnfinished(context, next) {
  const late = Date.now() - context.vars.started_ms > PATIENCE_MS;
  return next(context.vars.job_state !== 'done' && !late);
}

function reportDuration(context, events, done) {
  if (context.vars.job_state !== 'done') {
    return done(new Error('JOB_NOT_DONE'));
  }
  events.emit('histogram', 'job_duration', Date.now() - context.vars.started_ms);
  return done();
}

module.exports = { startClock, countCreated, isUnfinished, reportDuration };
