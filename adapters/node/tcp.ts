import net from 'node:net';
import type { OpenTcp } from '../shared/mqtt/connect.ts';

/** Opens a socket of Node. @returns `undefined` where mqtt.js is told by its variable to go through a SOCKS proxy. */
export const nodeTcp = (): OpenTcp | undefined => {
  if (process.env['MQTTJS_SOCKS_PROXY'] !== undefined) return undefined;
  return (address) => net.createConnection(address);
};
