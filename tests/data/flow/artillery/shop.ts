interface Events {
  emit(kind: 'counter' | 'histogram' | 'rate', name: string, value?: number): boolean;
}

export async function fillBasket(_context: unknown, events: Events): Promise<void> {
  events.emit('counter', 'shop.items', 3);
  events.emit('histogram', 'shop.basket_eur', 12.5);
  events.emit('rate', 'shop.baskets');
}
