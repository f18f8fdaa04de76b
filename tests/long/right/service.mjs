// What the scripts beside this run against: one port for HTTP, HTTPS, WebSocket, Socket.IO and gRPC.
// Every answer follows from its request alone. `node service.mjs CERT KEY` prints its port.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as http } from 'node:http';
import { createServer as http2 } from 'node:http2';
import { createServer as https } from 'node:https';
import { createServer as tcp } from 'node:net';
import { gzipSync } from 'node:zlib';

const PAGE = `<html><head><title>Shop</title></head><body><h1>Shop</h1>
<a href="/items/1" id="first">One</a><a href="/items/2">Two</a>
<form id="order" action="/form" method="post"><input name="item" value="1"/>
<input name="csrf" type="hidden" value="c0ffee"/></form></body></html>`;

function answer(request, response, body) {
  const url = new URL(request.url, 'http://shop');
  const [, first, second] = url.pathname.split('/');
  const send = (status, value, headers = {}) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const type = typeof value === 'string' ? 'text/html' : 'application/json';
    const length = Buffer.byteLength(text);
    const bare = status === 204 || status === 304;
    const head = bare ? headers : { 'content-type': type, 'content-length': length, ...headers };
    response.writeHead(status, head);
    response.end(bare || request.method === 'HEAD' ? undefined : text);
  };
  const bearer = request.headers.authorization;
  const type = request.headers['content-type'] ?? '';
  switch (first) {
    case '':
      return send(200, PAGE);
    case 'health':
      return send(200, { ok: true });
    case 'items':
      if (request.method === 'POST') return send(201, { id: 7, ...JSON.parse(body || '{}') });
      if (request.method === 'DELETE') return send(204, '');
      if (!second) return send(200, [1, 2, 3].map((id) => ({ id, name: `item ${id}` })));
      if (Number(second) > 100) return send(404, { error: 'no such item' });
      return send(200, { id: Number(second), name: `item ${second}`, method: request.method });
    case 'status':
      return send(Number(second), { status: Number(second) });
    case 'redirect':
      return send(302, '', { location: Number(second) > 1 ? `/redirect/${second - 1}` : '/health' });
    case 'slow':
      return void setTimeout(send, Number(url.searchParams.get('ms')), 200, { slow: true });
    case 'set-cookie':
      return send(302, '', { location: '/cookies', 'set-cookie': `basket=${second}; Path=/` });
    case 'cookies':
      return send(200, { cookie: request.headers.cookie ?? '' });
    case 'basic': {
      const known = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
      if (bearer === known) return send(200, { user: 'ann' });
      return send(401, {}, { 'www-authenticate': 'Basic realm="shop"' });
    }
    case 'login': {
      const { user } = JSON.parse(body || '{}');
      return user ? send(200, { token: `token-${user}` }) : send(400, { error: 'who?' });
    }
    case 'me':
      return bearer?.startsWith('Bearer token-') ? send(200, { me: bearer.slice(13) }) : send(401, {});
    case 'form':
      return send(200, Object.fromEntries(new URLSearchParams(body.toString())));
    case 'upload':
      return send(type.startsWith('multipart/') ? 200 : 415, { bytes: body.length });
    case 'echo':
      return send(200, { headers: request.headers, body: body.toString(), query: url.search });
    case 'gzip': {
      const packed = gzipSync(PAGE);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length });
      return response.end(packed);
    }
    default:
      return send(404, { error: 'nothing here' });
  }
}

function serve(request, response) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts)));
}

// RFC 6455, without extensions: frames of the client are masked, ours are not.
function frame(opcode, data) {
  const payload = Buffer.from(data);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = long ? 126 : payload.length;
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function frames(socket, each) {
  let rest = Buffer.alloc(0);
  socket.on('data', (part) => {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= 6) {
      const short = rest[1] & 0x7f;
      const start = short === 126 ? 4 : 2;
      const length = short === 126 ? rest.readUInt16BE(2) : short;
      const end = start + 4 + length;
      if (rest.length < end) return;
      const mask = rest.subarray(start, start + 4);
      const payload = Buffer.from(rest.subarray(start + 4, end), 0);
      const plain = payload.map((byte, at) => byte ^ mask[at % 4]);
      each(rest[0] & 0x0f, plain);
      rest = rest.subarray(end);
    }
  });
}

function upgrade(request, socket) {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.on('error', () => socket.destroy());
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const engine = request.url.startsWith('/socket.io/');
  if (engine) {
    const hello = { sid: 'e1', upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 65536 };
    socket.write(frame(1, `0${JSON.stringify(hello)}`));
  }
  frames(socket, (opcode, payload) => {
    if (opcode === 8) return socket.end(frame(8, payload));
    if (opcode === 9) return socket.write(frame(10, payload));
    if (opcode !== 1 && opcode !== 2) return undefined;
    return socket.write(frame(opcode, engine ? engineSays(payload.toString()) : payload));
  });
}

// Engine.IO 4 and Socket.IO 5: 40 joins a namespace, 42 is an event, 43 its acknowledgement.
function engineSays(text) {
  if (text.startsWith('40')) return '40{"sid":"s1"}';
  const event = /^42(\d*)(\[.*\])$/s.exec(text);
  if (!event) return '3';
  const [name, ...values] = JSON.parse(event[2]);
  return event[1] ? `43${event[1]}${JSON.stringify(values)}` : `42${JSON.stringify([`${name}ed`, ...values])}`;
}

// gRPC: a message is a flag, four bytes of length, and protocol buffers; shop.proto has the fields.
function message(id) {
  const name = Buffer.from(`item ${id}`);
  const body = Buffer.concat([Buffer.from([0x08, id, 0x12, name.length]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function call(stream, headers) {
  const parts = [];
  stream.on('error', () => stream.destroy());
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    const id = Buffer.concat(parts)[6] ?? 0;
    const known = id <= 100;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': known ? '0' : '5' }));
    const several = headers[':path'].endsWith('/List') ? [1, 2, 3] : [id];
    if (known) for (const each of several) stream.write(message(each));
    stream.end();
  });
}

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const plain = http(serve).on('upgrade', upgrade);
const secure = https({ cert, key }, serve).on('upgrade', upgrade);
const rpc = http2().on('stream', call);
// The first byte tells: 0x16 begins TLS, and "PRI " HTTP/2 without it.
const front = tcp((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    socket.pause();
    const behind = first[0] === 0x16 ? secure : first.subarray(0, 4).toString() === 'PRI ' ? rpc : plain;
    socket.unshift(first);
    behind.emit('connection', socket);
    process.nextTick(() => socket.resume());
  });
});
front.listen(0, '127.0.0.1', () => console.log(`listens on ${front.address().port}`));
