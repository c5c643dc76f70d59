import { createRequire } from 'node:module';
import type { Packet } from 'mqtt';

interface PacketParser {
  on(event: 'packet', listener: (packet: Packet) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  parse(bytes: Uint8Array): number;
}

interface Options {
  readonly protocolVersion: number;
}

// The packet codec comes with the MQTT library and is no dependency of its own.
const here = createRequire(import.meta.url);

/** Turns bytes to MQTT packets, and packets to bytes. */
export const { parser, generate } = createRequire(here.resolve('mqtt'))('mqtt-packet') as {
  parser(options: Options): PacketParser;
  generate(packet: object, options: Options): Buffer;
};
