import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { check, type Check } from './check.ts';
import { failed, ok, type Outcome } from './finding.ts';
import { addressOf, causeOf, limitMs, within, withCode, type Server } from './server.ts';
import { tlsCheck } from './tls.ts';

/** Whether this machine has no address besides loopback. */
const isAlone = (): boolean =>
  Object.values(networkInterfaces())
    .flat()
    .every((one) => one === undefined || one.internal);

/** Looks the server's name up. */
const nameCheck = async (server: Server): Promise<Outcome<Server>> => {
  const { host, variables } = server;
  if (net.isIP(host) !== 0) return ok(`${host} is an address`, server);
  try {
    const addresses = await within(lookup(host, { all: true }), limitMs, () => withCode('EAI_AGAIN'));
    return ok(`${host} is ${addresses.map(({ address }) => address).join(', ')}`, server);
  } catch (thrown) {
    const code = causeOf(thrown);
    if (isAlone()) {
      return failed(`${host} can't be looked up (${code}): this machine is in no network.`, 'Connect it to one.');
    }
    if (code === 'ENOTFOUND') {
      return failed(`No such name is known: ${host} (${code}).`, `Correct ${variables}, or enter the name into DNS.`);
    }
    return failed(`No name server answers for ${host} (${code}).`, 'Check the network of this machine, and its DNS.');
  }
};

const connectTo = async ({ host, port }: Server): Promise<void> => {
  const socket = net.connect({ host, port });
  try {
    const connected = new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    await within(connected, limitMs, () => withCode('ETIMEDOUT'));
  } finally {
    socket.on('error', () => undefined).destroy();
  }
};

const portFailure = (server: Server, code: string): Outcome<never> => {
  const at = addressOf(server);
  const { variables } = server;
  switch (code) {
    case 'ECONNREFUSED':
      return failed(`Nothing listens on ${at} (${code}).`, `Start the server there, or correct ${variables}.`);
    case 'ETIMEDOUT':
      return failed(
        `${at} does not answer (${code}).`,
        `Check ${variables}, and the firewalls on the way: they let nothing through to this port.`,
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return failed(`No way leads to ${at} (${code}).`, "Check this machine's network, gateway and routes.");
    default:
      return failed(`${at} can't be reached (${code}).`, `Check the network, and ${variables}.`);
  }
};

const portCheck = async (server: Server): Promise<Outcome<Server>> => {
  try {
    await connectTo(server);
    return ok(`${addressOf(server)} is open`, server);
  } catch (thrown) {
    return portFailure(server, causeOf(thrown));
  }
};

/** Checks of the way to a server, in turn: its name, its port, and its certificate where TLS is used. */
export const reachChecks = (title: string, server: Check<Server>) => {
  const name = check(`${title} name`, { server }, ({ server: given }) => nameCheck(given));
  const port = check(`${title} port`, { name }, ({ name: given }) => portCheck(given));
  const secure = check(`${title} TLS`, { port }, ({ port: given }) => tlsCheck(given));
  return { name, port, secure };
};
