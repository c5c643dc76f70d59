import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, vi } from 'vitest';

/** The MQTT library's client objects that each test of a file makes, in order. */
export const watchClients = (): readonly MqttClient[] => {
  const made: MqttClient[] = [];
  beforeEach(() => {
    made.length = 0;
    const { connect } = mqtt;
    vi.spyOn(mqtt, 'connect').mockImplementation((...parameters: Parameters<typeof connect>) => {
      const client = connect(...parameters);
      made.push(client);
      return client;
    });
  });
  afterEach(() => void vi.restoreAllMocks());
  return made;
};

/** How many messages and requests a client object holds until they are answered. */
export const heldBy = ({ outgoing }: MqttClient): number => Object.keys(outgoing).length;
