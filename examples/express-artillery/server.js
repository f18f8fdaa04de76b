// Carts that are filled and paid, kept in memory.
const express = require('express');

const app = express();
const carts = new Map();
app.use(express.json());

app.get('/health', (_request, response) => response.json({ status: 'ok' }));

app.post('/carts', (_request, response) => {
  const id = String(carts.size + 1);
  carts.set(id, []);
  response.status(201).json({ id });
});

app.post('/carts/:id/articles', (request, response) => {
  const cart = carts.get(request.params.id);
  if (!cart) return response.sendStatus(404);
  cart.push(request.body);
  return response.status(201).json({ articles: cart.length });
});

app.post('/carts/:id/payment', (request, response) =>
  carts.has(request.params.id) ? response.json({ paid: true }) : response.sendStatus(404),
);

app.listen(Number(process.env.PORT || 3000), '127.0.0.1');
