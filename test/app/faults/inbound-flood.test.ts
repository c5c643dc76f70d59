import type net from 'node:net';
import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import type { MqttVersion } from '../../../services/broker.ts';
import type { LogEntry } from '../../../services/log.ts';
import { startRogueBroker } from '../../lab/faults/rogue-broker.ts';
import { commandTopic, writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { generate, later } from '../../support/mqtt.ts';
import { until } from '../../support/until.ts';

const count = 5000;
const commandNames = { log_sync: 'LogSync', schema_update: 'SchemaUpdate', env_update: 'EnvUpdate', update: 'Update' };

test.each<MqttVersion>([4, 5])(
  'a flood of commands and of messages on foreign topics is told in few lines on the console, in the file and to the instance, MQTT level %i (M21, L7)',
  async (version) => {
    const sockets: net.Socket[] = [];
    const published: string[] = [];
    const broker = later(
      await startRogueBroker((packet, { socket }) => {
        if (packet.cmd === 'connect') sockets.push(socket);
        if (packet.cmd === 'publish' && packet.topic.includes('/log/')) published.push(packet.payload.toString());
        return false;
      }),
    );
    const printed: LogEntry[] = [];
    const client = new PepeunitClient({
      ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: broker.port, PU_MIN_LOG_LEVEL: 'Debug' })),
      mqtt: { protocol: version, spreadMs: 0 },
      adapters: { console: { write: (entry) => void printed.push(entry), flush: async () => undefined } },
    });
    later({ stop: () => client.stopMainCycle() });
    let commands = 0;
    client.on('command', () => (commands += 1));
    await client.ready();
    for (const [name, COMMAND] of Object.entries(commandNames)) {
      const payload = JSON.stringify({ COMMAND, PU_COMMIT_VERSION: 'bbbb' });
      const command = generate(
        { cmd: 'publish', topic: commandTopic(name), payload, qos: 0 },
        { protocolVersion: version },
      );
      for (let at = 0; at < count / 4; at += 1) sockets[0]?.write(command);
    }
    for (let at = 0; at < count; at += 1)
      sockets[0]?.write(
        generate({ cmd: 'publish', topic: `foreign/${at}`, payload: 'x', qos: 0 }, { protocolVersion: version }),
      );
    await until(() => commands === count && client.metrics().inbox.unsolicited === count, { timeoutMs: 30_000 });
    const stored = await client.logger.getFullLog();
    await client.stopMainCycle();
    for (const lines of [printed, stored, published]) expect(lines.length).toBeLessThan(60);
    const told = printed.map(({ text }) => text);
    expect(told.filter((text) => text.includes('not subscribed to'))).toHaveLength(1);
    expect(told.filter((text) => text.startsWith('Command received: log_sync')).at(-1)).toMatch(/\(\d+ more times\)$/);
  },
  60_000,
);
