/**
 * What peer.c is, by Node, where there is no C compiler: with it the peer is the limit of what is measured. Takes the
 * orders `flood`, `send` and `expect` as lines of its standard input, as peer.c does.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const packetType = { connect: 1, publish: 3, puback: 4, subscribe: 8, unsubscribe: 10, pingreq: 12 };

/** Splits a stream into packets: calls `onPacket(firstByte, body)` for each. */
const splitPackets = (onPacket) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      let length = 0;
      let shift = 0;
      let end = at + 1;
      for (; end < data.length; end += 1) {
        length |= (data[end] & 127) << shift;
        shift += 7;
        if ((data[end] & 128) === 0) break;
      }
      if (end >= data.length || end + 1 + length > data.length) break;
      onPacket(data[at], data.subarray(end + 1, end + 1 + length));
      at = end + 1 + length;
    }
    rest = data.subarray(at);
  };
};

const lengthBytes = (length) => (length < 128 ? [length] : [(length & 127) | 128, length >> 7]);

const publishPacket = ({ topic, payload, qos, id, version }) => {
  const name = Buffer.from(topic);
  const middle = [...(qos === 0 ? [] : [id >> 8, id & 255]), ...(version === 5 ? [0] : [])];
  const body = Buffer.concat([Buffer.of(name.length >> 8, name.length & 255), name, Buffer.from(middle), payload]);
  return Buffer.concat([Buffer.of(0x30 | (qos << 1), ...lengthBytes(body.length)), body]);
};

const say = (line) => process.stdout.write(`${line}\n`);

let subscriber;
let received = 0;
let expected = Infinity;

/** Floods in slices; with QoS 1 each waits until the one before is acknowledged. */
const flood = async ({ socket, version, topics, acknowledged }, [qos, bytes, count, window]) => {
  const payload = Buffer.alloc(bytes, 'x');
  const one = (at) =>
    publishPacket({ topic: topics[at % topics.length], payload, qos, id: (at % 60_000) + 1, version });
  const before = acknowledged.count;
  for (let sent = 0; sent < count;) {
    const slice = Math.min(window, count - sent);
    const packets = Array.from({ length: slice }, (_, at) => one(sent + at));
    sent += slice;
    if (!socket.write(Buffer.concat(packets))) await new Promise((resolve) => socket.once('drain', resolve));
    if (qos > 0) await acknowledged.until(before + sent);
  }
  say('flooded');
};

const orders = {
  flood: (words) => void flood(subscriber, words.map(Number)),
  send: ([topic, payload]) => {
    const { socket, version } = subscriber;
    socket.write(publishPacket({ topic, payload: Buffer.from(payload), qos: 0, version }));
  },
  expect: ([count]) => {
    received = 0;
    expected = Number(count);
    say('expecting');
  },
};

const ignore = () => undefined;

const createAcknowledgements = () => {
  let wanted = Infinity;
  let reached = ignore;
  const acknowledged = {
    count: 0,
    add: () => {
      acknowledged.count += 1;
      if (acknowledged.count === wanted) reached();
    },
    until: (count) =>
      new Promise((resolve) => {
        wanted = count;
        reached = resolve;
        if (acknowledged.count >= count) resolve();
      }),
  };
  return acknowledged;
};

const subscribe = (client, body) => {
  const gap = client.version === 5 ? 1 + body[2] : 0;
  let granted = 0;
  for (let at = 2 + gap; at < body.length; granted += 1) {
    const length = body.readUInt16BE(at);
    const topic = body.toString('utf8', at + 2, at + 2 + length);
    if (topic.startsWith('i')) client.topics.push(topic);
    at += 2 + length + 1;
  }
  const rest = Buffer.alloc(granted + (client.version === 5 ? 1 : 0));
  subscriber = client;
  return Buffer.concat([Buffer.of(0x90, ...lengthBytes(2 + rest.length), body[0], body[1]), rest]);
};

const serve = (socket) => {
  const client = { socket, version: 4, topics: [], acknowledged: createAcknowledgements() };
  const ending = () => (client.version === 5 ? [0] : []);
  const take = {
    [packetType.connect]: (_, body) => {
      client.version = body[6];
      return Buffer.of(0x20, 2 + ending().length, 0, 0, ...ending());
    },
    [packetType.pingreq]: () => Buffer.of(0xd0, 0),
    [packetType.puback]: () => client.acknowledged.add(),
    [packetType.subscribe]: (_, body) => subscribe(client, body),
    [packetType.unsubscribe]: (_, body) =>
      Buffer.of(0xb0, 2 + ending().length * 2, body[0], body[1], ...ending(), ...ending()),
    [packetType.publish]: (first, body) => {
      const length = body.readUInt16BE(0);
      if (body[2] === 0x6f) received += 1;
      if (received === expected) {
        expected = Infinity;
        say('received');
      }
      return ((first >> 1) & 3) === 1 ? Buffer.of(0x40, 2, body[2 + length], body[3 + length]) : undefined;
    },
  };
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const onChunk = splitPackets((first, body) => {
    const answer = take[first >> 4]?.(first, body);
    if (answer) socket.write(answer);
  });
  socket.on('data', (chunk) => {
    // One write for the answers to a chunk.
    socket.cork();
    onChunk(chunk);
    socket.uncork();
  });
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [name, ...words] = line.split(' ');
    orders[name](words);
  })
  .on('close', () => process.exit(0));

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => say(`port ${server.address().port}`));
