type Context = { vars: Record<string, unknown> };

export async function choose(context: Context): Promise<void> {
  context.vars.id = 3;
}
