import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { startRogueBroker } from '../../lab/faults/rogue-broker.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import { createFolder } from '../../support/folder.ts';

const open = async (version: 4 | 5) => {
  const { path: folder, remove } = await createFolder();
  const broker = await startRogueBroker((packet, { send, socket }) => {
    if (packet.cmd !== 'publish' || packet.topic !== 'denied') return false;
    if (version === 5) send({ cmd: 'disconnect', reasonCode: 0x95 });
    socket.end();
    return true;
  });
  const client = new PepeunitClient({
    ...(await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    mqtt: { protocol: version },
    adapters: { random: () => 0 },
  });
  const close = async () => {
    await client.stopMainCycle();
    await broker.stop();
    await remove();
  };
  return { broker, client, close };
};

test.concurrent.each([4, 5] as const)(
  'a message over which the broker ends the connection goes aside, the others arrive and the link stays, MQTT %i (S8, M6)',
  async (version) => {
    const { broker, client, close } = await open(version);
    const { mqttClient } = client;
    try {
      void client.runMainCycle({ cycleMs: 100 });
      await client.ready();
      await mqttClient.publishDetailed('before', '1', { qos: 1, until: 'settled' });
      const fate = mqttClient.publishDetailed('denied', '2', { qos: 1, until: 'settled' });
      const behind = mqttClient.publishDetailed('behind', '3', { qos: 1, until: 'settled' });
      expect(await fate).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('ended the link') });
      expect(await behind).toEqual({ outcome: 'delivered' });
      expect([...broker.received]).toEqual(expect.arrayContaining(['before 1', 'behind 1']));

      // The log goes to the broker as well.
      await until(() => mqttClient.metrics().waiting === 0, { what: 'an empty outbox' });
      const connects = broker.connects.length;
      expect(await mqttClient.publishDetailed('after', '4', { qos: 1, until: 'settled' })).toEqual({
        outcome: 'delivered',
      });
      expect(broker.connects).toHaveLength(connects);
      expect(mqttClient.metrics().dead).toBe(1);
    } finally {
      await close();
    }
  },
);
