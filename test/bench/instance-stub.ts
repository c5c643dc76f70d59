import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timePacket } from '../support/time-packet.ts';

/** What a unit at rest asks besides its broker: an instance that wants the version that runs, and a time server. */
export interface InstanceStub {
  readonly restPort: number;
  readonly timePort: number;
  stop(): Promise<void>;
}

export interface InstanceStubOptions {
  /** Whether the time server answers. */
  readonly hasTime: boolean;
}

/** The version in the env of each measured unit. */
const targetVersion = { commit: 'bench', tag: null };

const startTimeServer = async ({ hasTime }: InstanceStubOptions): Promise<Socket> => {
  const socket = createSocket('udp4');
  const answer = (request: Buffer, from: RemoteInfo) => {
    const now = Date.now();
    socket.send(timePacket(request, { receivedMs: now, sentMs: now }), from.port, from.address);
  };
  if (hasTime) socket.on('message', answer);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};

const startRest = async (): Promise<Server> => {
  const server = createServer((request, response) => {
    const isKnown = request.url?.includes('/get_target_version/') === true;
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? targetVersion : {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

export const startInstanceStub = async (options: InstanceStubOptions): Promise<InstanceStub> => {
  const [rest, time] = await Promise.all([startRest(), startTimeServer(options)]);
  return {
    restPort: (rest.address() as AddressInfo).port,
    timePort: time.address().port,
    stop: async () => {
      time.close();
      rest.closeAllConnections();
      rest.close();
      await once(rest, 'close');
    },
  };
};
