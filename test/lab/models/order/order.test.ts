import { expect, test } from 'vitest';
import type { TestWorld } from '../../../../app/testing/world.ts';
import { BrokerError, RestError, StorageError } from '../../../../services/errors.ts';
import { createWitness, type Witness } from './witness.ts';

/** What happens to a unit that is online, and what the world sees of it, in this order. */
interface Row {
  readonly happens: (witness: Witness) => unknown;
  readonly sees: readonly string[];
}

const start = ({ client }: Witness): void => {
  void client.runMainCycle({ cycleMs: 60_000 });
};

const subscribed = 'broker SUBSCRIBE env_update, log_sync, node 1, reset, schema_update, update';

/** An interrupted update first, then the documents, and the link last; only a link that works is worth noting. */
const started = [
  'firmware recover',
  'disk opens the outbox',
  'disk reads env.json',
  'disk reads schema.json',
  'broker CONNECT mqtt://localhost:1883',
  subscribed,
  'instance getTargetVersion',
  'disk writes link.json',
  'broker PUBLISH state',
];

const change = (world: TestWorld, name: 'env' | 'schema', by: object): void => {
  const { documents } = world.http;
  documents[name] = { ...(documents[name] as object), ...by };
};
const noNetwork = () => new RestError('network', 'No route to the instance.');
const online = { input_topic: { 'other/pepeunit': ['simulated.test/10000000-0000-4000-8000-000000000009/pepeunit'] } };

const table: Readonly<Record<string, Row>> = {
  'an env with the same connection replaces env.json, and the link stays': {
    happens: async ({ world }) => {
      change(world, 'env', { PU_STATE_SEND_INTERVAL: 60 });
      await world.command('env_update');
    },
    sees: [
      'instance getEnv',
      'disk reads env.json',
      'firmware replaceEnv',
      'disk reads env.json',
      'disk writes env.json',
    ],
  },
  'an env with another broker leaves the one before beside it, with the time of its trial, until its link works': {
    happens: async ({ world }) => {
      change(world, 'env', { PU_MQTT_HOST: 'elsewhere' });
      await world.command('env_update');
    },
    sees: [
      'instance getEnv',
      'disk reads env.json',
      'disk writes kept-env.json',
      'firmware replaceEnv',
      'disk reads env.json',
      'disk writes env.json',
      'disk reads env.json',
      'broker DISCONNECT',
      'broker CONNECT mqtt://elsewhere:1883',
      'disk writes kept-env.json',
      subscribed,
      'disk writes link.json',
      'instance getTargetVersion',
      'disk removes kept-env.json',
    ],
  },
  'a schema replaces schema.json before its topics are asked for': {
    happens: async ({ world }) => {
      change(world, 'schema', online);
      await world.command('schema_update');
    },
    sees: ['instance getSchema', 'disk writes schema.json', 'broker UNSUBSCRIBE node 1', 'broker SUBSCRIBE node 9'],
  },
  'a schema that can not be had is asked for once more, and costs nothing meanwhile': {
    happens: async ({ world }) => {
      world.http.fail('getSchema', noNetwork());
      await world.command('schema_update');
      await world.advance(5_000);
    },
    sees: ['instance getSchema', 'instance getSchema', 'disk writes schema.json'],
  },
  'an env that the full disk does not take changes nothing': {
    happens: async ({ world }) => {
      change(world, 'env', { PU_MQTT_HOST: 'elsewhere' });
      world.storage.failNext('write', new StorageError('io', 'No space is left.'));
      await world.command('env_update');
    },
    sees: ['instance getEnv', 'disk reads env.json', 'disk writes kept-env.json'],
  },
  'an update is checked before files move, and the link ends before another process begins': {
    happens: ({ world }) => world.command('update', { PU_COMMIT_VERSION: 'second' }),
    sees: [
      'instance getFirmware',
      'firmware stage',
      'firmware checkProgram',
      'firmware rollBack',
      'firmware swap',
      'broker DISCONNECT',
      'disk closes the outbox',
      'host restart_exec',
    ],
  },
  'an update to another version than the archive has leaves nothing, and moves nothing': {
    happens: ({ world }) => world.command('update', { PU_COMMIT_VERSION: 'third' }),
    sees: ['instance getFirmware', 'firmware stage', 'firmware discard'],
  },
  'an update to the version that runs asks for nothing': {
    happens: ({ world }) => world.command('update', { PU_COMMIT_VERSION: 'first' }),
    sees: [],
  },
  'a reset is noted on the disk before the link ends': {
    happens: ({ world }) => world.command('reset'),
    sees: ['disk writes reset.json', 'broker DISCONNECT', 'disk closes the outbox', 'host restart_exec'],
  },
  'a lost link comes back with its topics, and the version is asked for again': {
    happens: async ({ world }) => {
      world.broker.cut();
      await world.advance(60_000);
    },
    sees: ['broker DISCONNECT', 'broker CONNECT mqtt://localhost:1883', subscribed, 'instance getTargetVersion'],
  },
  'what is published without a link is on the disk until the broker has it': {
    happens: async ({ world, client }) => {
      world.broker.cut();
      void client.publishToTopics('output/pepeunit', 'x');
      await world.advance(60_000);
    },
    sees: [
      'broker DISCONNECT',
      'disk keeps a message',
      'broker CONNECT mqtt://localhost:1883',
      subscribed,
      'broker PUBLISH node 2',
      'instance getTargetVersion',
      'disk drops a message',
    ],
  },
  'a link that another session takes over is not fought for': {
    happens: async ({ world }) => {
      world.broker.cut(new BrokerError('takenOver', 'Another session of this client began.'));
      await world.advance(10_000);
    },
    sees: ['broker DISCONNECT'],
  },
  'a report is due after its interval': {
    happens: ({ world }) => world.advance(301_000),
    sees: ['broker PUBLISH state'],
  },
  'a stop closes the link, then the outbox': {
    happens: ({ client }) => {
      void client.stopMainCycle();
    },
    sees: ['broker DISCONNECT', 'disk closes the outbox'],
  },
};

test('what the disk, the instance and the broker see of a start', async () => {
  const witness = await createWitness();
  start(witness);
  expect(await witness.seen()).toEqual(started);
});

test.each(Object.entries(table))('what they see: %s', async (_, { happens, sees }) => {
  const witness = await createWitness();
  start(witness);
  await witness.seen();
  await happens(witness);
  expect(await witness.seen()).toEqual(sees);
});
