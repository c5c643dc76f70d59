import { setTimeout as sleep } from 'node:timers/promises';
import { startAskingMosquitto } from '../../support/asking-mosquitto.ts';
import { schemaDocument, tokenOf } from '../../support/documents.ts';
import { generate } from '../../support/mqtt.ts';
import { until } from '../../support/until.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';
import { suback } from './rogue-broker.ts';

const inputTopics = (schemaDocument()['input_topic'] as Record<string, string[]>)['input/pepeunit'] ?? [];
const [inputTopic = '', linkedTopic = ''] = inputTopics;

/** A message on a topic that was granted. */
const onAnother = { cmd: 'publish', topic: inputTopic, payload: 'still heard', qos: 0 };

const subackFailure: Row = {
  fault: 'SUBACK failure for one topic of many',
  reference: 'drops the connection, 3 connections a second for ever, never subscribed',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue((packet, { send }) => {
      if (packet.cmd !== 'subscribe') return false;
      send(suback(packet, linkedTopic));
      return true;
    });
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received, mqtt: { protocol: 4 } });
    await unit.tells('online');
    await unit.tells('The broker denied');
    await sleep(3000);
    broker.misbehave((packet, { send }) => {
      if (packet.cmd === 'pingreq') send(onAnother);
      return false;
    });
    await until(async () => (await unit.metrics()).inputs > 0, { what: 'a message on another topic' });
    if (broker.connects.length !== 1) throw new Error(`${broker.connects.length} connections`);
    return { happened: 'one warning, one connection, the other topics work', seconds: 0 };
  },
};

/** As EMQX does where `deny_action` is `disconnect`, and AWS IoT always. */
const closesOnDenied = (version: 4 | 5): Row => ({
  fault: `broker that closes on a denied SUBSCRIBE (MQTT ${version === 5 ? '5' : '3.1.1'})`,
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue((packet, { send, socket }) => {
      if (packet.cmd !== 'subscribe' || !packet.subscriptions.some(({ topic }) => topic === linkedTopic)) return false;
      if (version === 5) send({ cmd: 'disconnect', reasonCode: 0x87 });
      socket.end();
      return true;
    });
    const begun = performance.now();
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received, mqtt: { protocol: version } });
    await unit.tells(`The broker denied ${linkedTopic}`);
    const onlineAt = await unit.tells('online');
    const connects = broker.connects.length;
    for (const socket of broker.open) socket.write(generate(onAnother, { protocolVersion: version }));
    await until(async () => (await unit.metrics()).inputs > 0, { what: 'a message on another topic' });
    await sleep(3000);
    if (broker.connects.length !== connects) throw new Error('the link was lost again');
    return {
      happened: `found after ${connects} connects, one warning; the other topics work, the link stays`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
});

/** A broker that asks the instance for each topic, and gets no answer. */
const instanceAway: Row = {
  fault: 'the instance away for 15 s while the broker asks it: every topic is denied',
  run: async (lab) => {
    const broker = lab.later(await startAskingMosquitto(tokenOf(), { isGranting: false }));
    const unit = await lab.unit({ port: broker.port, witness: () => seenBy([broker]) });
    await unit.tells('denies the unit');
    await sleep(15_000);
    await broker.answer(true);
    const begun = performance.now();
    const backAt = await unit.tells('online', 1, 120_000);
    return {
      happened: 'messages wait; back by itself, and nothing is lost',
      seconds: secondsBetween(begun, backAt),
    };
  },
};

/** How a broker may deny topics. */
export const deniedTopics: readonly Row[] = [subackFailure, closesOnDenied(4), closesOnDenied(5), instanceAway];
