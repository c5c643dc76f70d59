import type { Grant } from '../../../services/broker.ts';
import type { Connection } from './connect.ts';
import { linkError } from './errors.ts';
import { inGroups } from './packet-size.ts';
import type { PendingAcks } from './pending-acks.ts';
import { filterBytes, isTopicFilter } from './topics.ts';

/** Size of one SUBSCRIBE or UNSUBSCRIBE, bytes: half of the platform's packet limit. */
const maxSubscribeBytes = 128 * 1024;
const topicFilterInvalid = 0x8f;
const unspecifiedError = 0x80;

const bytesOf = (topics: readonly string[]): number => topics.reduce((sum, topic) => sum + filterBytes(topic), 0);

/** A SUBACK as decoded by mqtt.js. */
interface Suback {
  readonly granted: readonly unknown[];
}

const codeOf = (packet: Suback | undefined, at: number): number => {
  const code = packet?.granted[at];
  return typeof code === 'number' ? code : unspecifiedError;
};

/** Subscribes and unsubscribes on a connection, in as few packets as the size limit allows. */
export const createSubscriber = ({ client, options }: Connection, acks: PendingAcks) => {
  const subscribeGroup = async (topics: string[]): Promise<Grant[]> => {
    let suback: Suback | undefined;
    await new Promise<void>((resolve, reject) => {
      const ack = acks.expect(
        `SUBSCRIBE of ${topics.length} topics was not answered`,
        bytesOf(topics),
        resolve,
        reject,
      );
      client.subscribe(topics, { qos: 0 }, (error, _subscriptions, packet) => {
        // If any reason code is a failure, mqtt.js returns an error beside the whole SUBACK.
        suback = packet;
        const failure =
          suback?.granted.length === topics.length
            ? undefined
            : linkError('closed', options, 'the link ended before a subscription was answered', { cause: error });
        acks.settle(ack, failure);
      });
    });
    return topics.map((topic, at) => {
      const reasonCode = codeOf(suback, at);
      return { topic, granted: reasonCode < unspecifiedError, reasonCode };
    });
  };
  const unsubscribeGroup = (topics: string[]) =>
    new Promise<void>((resolve, reject) => {
      const ack = acks.expect(
        `UNSUBSCRIBE of ${topics.length} topics was not answered`,
        bytesOf(topics),
        resolve,
        reject,
      );
      client.unsubscribe(topics, (error) => {
        const message = 'the link ended before UNSUBACK';
        acks.settle(ack, error ? linkError('closed', options, message, { cause: error }) : undefined);
      });
    });
  return {
    subscribe: async (topics: readonly string[]): Promise<Grant[]> => {
      const filters = [...new Set(topics)];
      const invalid = filters
        .filter((topic) => !isTopicFilter(topic))
        .map((topic) => ({ topic, granted: false, reasonCode: topicFilterInvalid }));
      const groups = inGroups(filters.filter(isTopicFilter), filterBytes, maxSubscribeBytes);
      const grants = await Promise.all(groups.map(subscribeGroup));
      return [...grants.flat(), ...invalid];
    },
    unsubscribe: async (topics: readonly string[]): Promise<void> => {
      const groups = inGroups([...new Set(topics)].filter(isTopicFilter), filterBytes, maxSubscribeBytes);
      await Promise.all(groups.map(unsubscribeGroup));
    },
  };
};
