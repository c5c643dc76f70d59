/**
 * The other end of a link: a bare TCP server that speaks just enough MQTT 3.1.1, so that the client under test is
 * what limits the rate. It sends a flood when it is told to, and acknowledges and counts what it gets.
 */
import { createServer } from 'node:net';

const packetType = { connect: 1, publish: 3, puback: 4, subscribe: 8, pingreq: 12 };

/** Splits a stream into packets: calls `onPacket(firstByte, body)` for each. */
const packets = (onPacket) => {
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

const publishPacket = (topic, payload, qos, id) => {
  const name = Buffer.from(topic);
  const idBytes = qos === 0 ? Buffer.alloc(0) : Buffer.of(id >> 8, id & 255);
  const body = Buffer.concat([Buffer.of(name.length >> 8, name.length & 255), name, idBytes, payload]);
  if (body.length > 127) throw new Error('a packet of the flood must stay below 128 bytes');
  return Buffer.concat([Buffer.of(0x30 | (qos << 1), body.length), body]);
};

/** Floods in slices, and waits for acknowledgements so that ids are free again (QoS 1). */
const flood = async (socket, { topic, count, qos, bytes }, acked) => {
  const payload = Buffer.alloc(bytes, 'x');
  const slice = 1000;
  for (let sent = 0; sent < count; sent += slice) {
    const batch = Array.from({ length: slice }, (_, index) => publishPacket(topic, payload, qos, (index % 60_000) + 1));
    if (!socket.write(Buffer.concat(batch))) await new Promise((resolve) => socket.once('drain', resolve));
    if (qos > 0) await acked(sent + slice);
  }
};

const serve = (socket) => {
  let acks = 0;
  let waiting;
  let received = 0;
  const acked = (count) =>
    new Promise((resolve) => {
      waiting = { count, resolve };
      if (acks >= count) resolve();
    });
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const onPacket = (first, body) => {
    const type = first >> 4;
    if (type === packetType.connect) socket.write(Buffer.of(0x20, 2, 0, 0));
    else if (type === packetType.pingreq) socket.write(Buffer.of(0xd0, 0));
    else if (type === packetType.puback) {
      acks += 1;
      if (waiting && acks >= waiting.count) waiting.resolve();
    } else if (type === packetType.subscribe) {
      let topics = 0;
      for (let at = 2; at < body.length; topics += 1) at += 2 + body.readUInt16BE(at) + 1;
      socket.write(Buffer.concat([Buffer.of(0x90, 2 + topics, body[0], body[1]), Buffer.alloc(topics)]));
    } else if (type === packetType.publish) {
      const qos = (first >> 1) & 3;
      const topicLength = body.readUInt16BE(0);
      if (qos === 1) socket.write(Buffer.of(0x40, 2, body[2 + topicLength], body[3 + topicLength]));
      if (
        body
          .subarray(2, 2 + topicLength)
          .toString()
          .endsWith('/out/pepeunit')
      )
        received += 1;
      if (received === expected.count) {
        expected = { count: Infinity };
        process.send({ type: 'received', count: received });
      }
    }
  };
  const onChunk = packets(onPacket);
  socket.on('data', (chunk) => {
    // One write for the acknowledgements of a chunk, else the writes of this end are what limits the rate.
    socket.cork();
    onChunk(chunk);
    socket.uncork();
  });
  floods.push(async (order) => {
    acks = 0;
    await flood(socket, order, acked);
  });
  resets.push(() => {
    received = 0;
  });
};

const floods = [];
const resets = [];
let expected = { count: Infinity };

process.on('message', (message) => {
  if (message.type === 'flood') void floods.at(-1)?.(message);
  if (message.type === 'expect') {
    resets.at(-1)?.();
    expected = { count: message.count };
    process.send({ type: 'expecting' });
  }
});
process.on('disconnect', () => process.exit(0));

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => process.send({ type: 'listening', port: server.address().port }));
