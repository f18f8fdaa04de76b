export async function login(context, events) {
  const begun = performance.now();
  const body = JSON.stringify({ user: 'ann' });
  const answer = await fetch(`${context.vars.target}/login`, { method: 'POST', body });
  context.vars.token = (await answer.json()).token;
  events.emit('histogram', 'logins.ms', performance.now() - begun);
}
