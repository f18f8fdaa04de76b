interface Context {
  vars: Record<string, unknown>;
}

interface Events {
  emit(kind: 'counter', name: string, value: number): boolean;
}

export async function choose(context: Context, events: Events): Promise<void> {
  context.vars.page = 7;
  events.emit('counter', 'typed.chosen', 1);
}
