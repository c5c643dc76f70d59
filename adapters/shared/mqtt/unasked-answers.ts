import type { MqttClient, Packet } from 'mqtt';

/** Answers to nothing that are put up with. */
const maxUnasked = 100;

const asking: ReadonlySet<string> = new Set(['pubrec', 'pubrel', 'subscribe', 'unsubscribe', 'pingreq']);

/** Whether the broker owes an answer to a packet. */
const isAsking = (packet: Packet): boolean => (packet.cmd === 'publish' ? packet.qos > 0 : asking.has(packet.cmd));

const answers: ReadonlySet<string> = new Set([
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'suback',
  'unsuback',
  'pingresp',
]);

/** Counts the answers that a broker owes. */
export interface UnaskedWatch {
  /** Something was asked that mqtt.js has not sent itself. */
  asked(): void;
  stop(): void;
}

/**
 * Watches for a broker that answers what it was not asked. mqtt.js passes over such packets, but a flood of them takes the
 * whole program's time.
 *
 * @param onFlood Called once there were too many.
 */
export const watchUnasked = (client: MqttClient, onFlood: () => void): UnaskedWatch => {
  /** How many answers are still owed; below 0, how many nobody asked for. */
  let owed = 0;
  const asked = () => {
    owed += 1;
  };
  const onSent = (packet: Packet) => {
    if (isAsking(packet)) asked();
  };
  const onReceived = ({ cmd }: Packet) => {
    if (!answers.has(cmd)) return;
    owed -= 1;
    if (owed < -maxUnasked) onFlood();
  };
  client.on('packetsend', onSent).on('packetreceive', onReceived);
  return { asked, stop: () => void client.off('packetsend', onSent).off('packetreceive', onReceived) };
};
