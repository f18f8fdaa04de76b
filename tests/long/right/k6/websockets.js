// The newer WebSocket module: events on a loop, several messages a session.
import { WebSocket } from 'k6/experimental/websockets';
import { check } from 'k6';

export const options = { vus: 2, iterations: 6, thresholds: { checks: ['rate==1'], ws_msgs_received: ['count>=18'] } };

export default function () {
  const socket = new WebSocket(`${__ENV.BASE_URL.replace('http', 'ws')}/ws`);
  let heard = 0;
  socket.onopen = () => ['one', 'two', 'three'].forEach((word) => socket.send(word));
  socket.onmessage = () => {
    heard += 1;
    if (heard === 3) socket.close();
  };
  socket.onclose = () => check(heard, { 'heard three': (n) => n === 3 });
}
