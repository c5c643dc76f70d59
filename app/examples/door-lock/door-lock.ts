import { unitOf, type InboundMessage } from 'pepeunit-client';
import { createActor, type ActorOptions } from 'xstate';
import { lock, type LockEvent } from './lock.ts';

/** What the lock is made of. */
export type Parts = NonNullable<Parameters<typeof lock.provide>[0]['actors']>;

/** Reads a message of the unit: `open` or `close` on `set_lock`. */
export const toEvent = (message: InboundMessage): LockEvent | undefined => {
  if (message.key !== 'set_lock/pepeunit') return undefined;
  const text = message.text();
  if (text === 'open') return { type: 'lock.open' };
  if (text === 'close') return { type: 'lock.close' };
  return { type: 'lock.misunderstood', text };
};

/** Starts a lock: its unit publishes what it reports, and its settings are those of the unit. */
export const startDoorLock = (actors: Parts, options: ActorOptions<typeof lock> = {}) => {
  const actor = createActor(lock.provide({ actors }), options);
  const unit = () => unitOf(actor.getSnapshot().children.unit);
  actor.on('report', ({ key, text }) => void unit().publishToTopics(key, text));
  actor.start();
  actor.getSnapshot().children.unit?.on('settingsLoaded', () => {
    const { AUTO_LOCK_MS, LOW_BATTERY_PERCENT } = unit().settings;
    actor.send({
      type: 'settings.changed',
      autoLockMs: Number(AUTO_LOCK_MS),
      lowPercent: Number(LOW_BATTERY_PERCENT),
    });
  });
  return actor;
};
