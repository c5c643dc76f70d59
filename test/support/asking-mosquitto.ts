import { pbkdf2Sync } from 'node:crypto';
import net from 'node:net';
import { connectAsync } from 'mqtt';
import { startMosquitto, type Mosquitto } from './mosquitto.ts';
import { generate, parser } from './mqtt.ts';

/** A mosquitto that asks for each topic of a unit, as an instance's broker does. */
export interface AskingMosquitto extends Mosquitto {
  /** Lets the instance grant every topic from now on, or deny every one, as a broker does that gets no answer. */
  answer(isGranting: boolean): Promise<void>;
}

const operator = { username: 'operator', password: 'operator' };
/** The plugin takes no empty password, and a unit has no other. */
const unitPassword = 'unit';
const salt = Buffer.from('salt-of-test');
const iterations = 101;

const clientOf = (username: string, password: string, roles: readonly string[]) => ({
  username,
  password: pbkdf2Sync(password, salt, iterations, 64, 'sha512').toString('base64'),
  salt: salt.toString('base64'),
  iterations,
  roles: roles.map((rolename) => ({ rolename })),
});

const aclTypes = ['publishClientSend', 'subscribe'] as const;

/** Passes a connection on, its CONNECT with the unit's password. */
const passOn = (client: net.Socket, port: number) => {
  const broker = net.connect(port, '127.0.0.1');
  client.once('data', (bytes: Buffer) => {
    const reader = parser({ protocolVersion: 5 });
    reader.on('packet', (packet) => {
      if (packet.cmd !== 'connect') return;
      broker.write(generate({ ...packet, password: unitPassword }, { protocolVersion: packet.protocolVersion ?? 4 }));
      client.pipe(broker);
    });
    reader.parse(bytes);
  });
  broker.pipe(client);
  broker.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.on('error', () => broker.destroy()).on('close', () => broker.destroy());
};

/** Starts a mosquitto with its plugin of dynamic security, for one unit by its user name. */
export const startAskingMosquitto = async (
  username: string,
  { isGranting, port }: { isGranting: boolean; port?: number },
): Promise<AskingMosquitto> => {
  const config = {
    defaultACLAccess: {
      publishClientSend: isGranting,
      publishClientReceive: true,
      subscribe: isGranting,
      unsubscribe: true,
    },
    clients: [clientOf(operator.username, operator.password, ['operator']), clientOf(username, unitPassword, [])],
    roles: [
      {
        rolename: 'operator',
        acls: aclTypes
          .map((acltype) => ({
            acltype: acltype === 'subscribe' ? 'subscribePattern' : acltype,
            topic: '#',
            allow: true,
          }))
          .concat({ acltype: 'publishClientSend', topic: '$CONTROL/#', allow: true }),
      },
    ],
  };
  const broker = await startMosquitto({
    lines: [
      'log_dest stderr',
      'log_type all',
      'plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so',
      'plugin_opt_config_file %folder%/dynamic-security.json',
    ],
    files: { 'dynamic-security.json': JSON.stringify(config) },
  });
  const gate = net.createServer((client) => passOn(client, broker.port));
  await new Promise<void>((resolve) => gate.listen(port ?? 0, '127.0.0.1', resolve));
  return {
    ...broker,
    port: (gate.address() as net.AddressInfo).port,
    stop: async () => {
      await broker.stop();
      await new Promise((resolve) => gate.close(resolve));
    },
    answer: async (allow) => {
      const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, operator);
      const acls = aclTypes.map((acltype) => ({ acltype, allow }));
      const commands = [{ command: 'setDefaultACLAccess', acls }];
      await client.publishAsync('$CONTROL/dynamic-security/v1', JSON.stringify({ commands }), { qos: 1 });
      await client.endAsync();
    },
  };
};
