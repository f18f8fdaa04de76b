module.exports = {
  pick(context, events, done) {
    context.vars.id = 2;
    return done();
  },
  double(context, events, done) {
    context.vars.doubled = 2 * context.vars.id;
    return done();
  },
  sign(request, context, events, done) {
    request.headers = { ...request.headers, 'x-signature': `signed-${context.vars.id}` };
    return done();
  },
  heard(request, response, context, events, done) {
    context.vars.known = JSON.parse(response.body).headers['x-signature'] === 'signed-2';
    events.emit('counter', 'answers.heard', 1);
    events.emit('histogram', 'answers.bytes', response.body.length);
    return done();
  },
};
