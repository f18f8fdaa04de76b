// The older WebSocket module: a session of callbacks that closes itself.
import ws from 'k6/ws';
import { check } from 'k6';

export const options = { vus: 2, iterations: 6, thresholds: { checks: ['rate==1'], ws_sessions: ['count==6'] } };

export default function () {
  const url = `${__ENV.BASE_URL.replace('http', 'ws')}/ws`;
  let heard = '';
  const answer = ws.connect(url, { tags: { kind: 'echo' } }, (socket) => {
    socket.on('open', () => socket.send('hello'));
    socket.on('message', (text) => {
      heard = text;
      socket.setTimeout(() => socket.close(), 50);
    });
  });
  check(answer, { switched: (r) => r && r.status === 101, echoed: () => heard === 'hello' });
}
