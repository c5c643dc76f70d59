import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

/** A promise of somebody else's making, and a bad one. */
class ThrowingThenable {
  // oxlint-disable-next-line unicorn/no-thenable -- being a thenable is its purpose
  then(): never {
    throw new Error('boom');
  }
}

/** An error that fails again for whoever looks at it. */
class UnreadableError extends Error {
  override get message(): never {
    throw new Error('boom');
  }
}

const misdeeds: Readonly<Record<string, () => unknown>> = {
  'throws an error': () => {
    throw new Error('boom');
  },
  'throws undefined': () => {
    throw undefined;
  },
  rejects: () => Promise.reject(new Error('boom')),
  'never settles': () => new Promise(() => undefined),
  'returns a thenable that throws': () => new ThrowingThenable(),
  'throws what has no text': () => {
    throw Object.create(null);
  },
  'rejects with an error that can not be read': () => Promise.reject(new UnreadableError()),
};

describe.each(Object.entries(misdeeds))('a callback that %s leaves the unit running (X6):', (_, misbehave) => {
  let live: LiveUnit;
  const uncaught: unknown[] = [];
  const note = (thrown: unknown) => void uncaught.push(thrown);

  beforeEach(async () => {
    uncaught.length = 0;
    process.on('uncaughtException', note).on('unhandledRejection', note);
    live = await createLiveUnit();
  });
  afterEach(async () => {
    await live.stop();
    process.off('uncaughtException', note).off('unhandledRejection', note);
    if (uncaught.length > 0) throw new AggregateError(uncaught, 'something was not caught');
  });

  /** The unit still obeys and still talks. */
  const expectAlive = async () => {
    const { client, instance, row, topic } = live;
    expect(client.actor.getSnapshot().status).toBe('active');
    let isObeyed = false;
    client.on('logsSynced', () => (isObeyed = true));
    await instance.operator.sendCommand(row.uuid, 'LogSync');
    await until(() => isObeyed);
    const published: string[] = [];
    instance.events.on('published', (event) => published.push(event.topic));
    expect(await client.publishToTopics('output/pepeunit', 'alive', { qos: 1 })).toBe(true);
    await until(() => published.includes(topic('output_topic', 'output/pepeunit')));
  };

  test('input handler', async () => {
    let calls = 0;
    live.client.setMqttInputHandler(() => {
      calls += 1;
      return misbehave();
    });
    await live.client.ready();
    const node = live.row.unit_nodes.find(({ type }) => type === 'Input');
    await live.instance.operator.setStateInput(node?.uuid ?? '', 'x');
    await until(() => calls === 1);
    await expectAlive();
  });

  test('output handler', async () => {
    let calls = 0;
    live.client.setOutputHandler(() => {
      calls += 1;
      return misbehave();
    });
    const running = live.client.runMainCycle({ cycleMs: 5 });
    await live.client.ready();
    await until(() => calls > 0);
    await expectAlive();
    await live.client.stopMainCycle();
    await running;
  });

  test('custom update handler', async () => {
    let calls = 0;
    live.client.setCustomUpdateHandler(() => {
      calls += 1;
      return misbehave();
    });
    await live.client.ready();
    await live.addVersion('version 2');
    await live.instance.operator.sendCommand(live.row.uuid, 'Update');
    await until(() => calls === 1);
    await expectAlive();
  });

  test('event handler', async () => {
    live.client.on('online', misbehave);
    await live.client.ready();
    await expectAlive();
  });

  test('inspector', async () => {
    const client = live.another({ inspect: misbehave });
    await client.ready();
    expect(client.actor.getSnapshot().status).toBe('active');
  });
});
