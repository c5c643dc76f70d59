/** Loaded before a program that shall get the time without the internet: sends it to this machine's port OWN_TIME_PORT. */
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const port = Number(process.env.OWN_TIME_PORT);
const { lookup } = dns;
dns.lookup = async (host, ...options) =>
  host === 'pool.ntp.org' ? [{ address: '127.0.0.1', family: 4 }] : lookup(host, ...options);

const { connect } = dgram.Socket.prototype;
dgram.Socket.prototype.connect = function (to, ...rest) {
  return connect.call(this, to === 123 ? port : to, ...rest);
};
syncBuiltinESMExports();
