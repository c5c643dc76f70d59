import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  createWebSocketInspector,
  createWebSocketReceiver,
  type StatelyActorEvent,
  type StatelyInspectionEvent,
} from '@statelyai/inspect';
import { WebSocketServer } from 'ws';
import { createActor, createMachine, fromPromise, SimulatedClock, StateMachine, type AnyStateMachine } from 'xstate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as exported from '../machines/index.ts';
import type { SchemaTopics } from '../services/schema.ts';
import { settings } from './support/unit-world.ts';

const { unitMachine, settingsMachine, schemaMachine } = exported;

const machines = Object.values(exported).filter(
  (value: unknown): value is AnyStateMachine => value instanceof StateMachine,
);

const childName = (id: string) => id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** A unit over fakes: its settings and schema load, everything else it would reach is not there. */
const unitOverFakes = unitMachine.provide({
  actors: {
    settings: settingsMachine.provide({ actors: { load: fromPromise(async () => settings) } }),
    schema: schemaMachine.provide({
      actors: { load: fromPromise<SchemaTopics>(async () => ({ subscribed: ['a'], reportsState: true })) },
    }),
  },
});

const input = {
  managesWifi: false,
  protocol: 'auto',
  restartMode: 'no_restart',
  checksVersion: true,
  isCompiled: false,
  isSupervised: false,
  logConfig: { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true },
} as const;

const definitionOf = (event: StatelyActorEvent | undefined): AnyStateMachine =>
  createMachine(JSON.parse(event?.definition ?? '{}') as never);

const statesOf = ({ root }: AnyStateMachine): string[] => {
  const ids = (node: AnyStateMachine['root']): string[] => [node.id, ...Object.values(node.states).flatMap(ids)];
  return ids(root).toSorted();
};

/** Passes each frame on to everyone else, as an inspector's server does, on loopback alone. */
const relay = async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      for (const other of server.clients) if (other !== socket) other.send(data.toString());
    }),
  );
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

describe('a stock receiver of @statelyai/inspect, offline over WebSocket (X1)', () => {
  const seen: StatelyInspectionEvent[] = [];
  let server: WebSocketServer;
  let inspector: ReturnType<typeof createWebSocketInspector>;

  const actors = () => seen.filter((event): event is StatelyActorEvent => event.type === '@xstate.actor');
  const named = (name: string) => actors().find((actor) => actor.name === name);
  /** The actor of a machine: a child goes by the name that the unit's chart gives it. */
  const actorOf = ({ id }: AnyStateMachine) => named(childName(id));

  beforeEach(async () => {
    seen.length = 0;
    const started = await relay();
    server = started.server;
    createWebSocketReceiver({ server: started.url }).subscribe((event) => seen.push(event));
    await once(server, 'connection');
    inspector = createWebSocketInspector({ url: started.url, serializationDepthLimit: 30 });
    await once(server, 'connection');
  });

  afterEach(async () => {
    inspector.stop();
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
  });

  test('sees the unit and its nine children, each with its definition', async () => {
    const unit = createActor(unitOverFakes, { input, inspect: inspector.inspect, clock: new SimulatedClock() });
    unit.subscribe({ error: () => undefined });
    unit.start();
    await expect.poll(() => machines.filter((machine) => actorOf(machine) === undefined)).toEqual([]);

    const root = named('unit');
    expect(root?.parentId).toBeUndefined();
    expect(machines).toHaveLength(10);
    for (const machine of machines) {
      expect(statesOf(definitionOf(actorOf(machine)))).toEqual(statesOf(machine));
      expect(actorOf(machine)?.rootId).toBe(root?.sessionId);
    }
    const children = actors().filter(({ parentId }) => parentId === root?.sessionId);
    expect(children.map(({ name }) => name).toSorted()).toEqual(
      machines.flatMap(({ id }) => (id === 'unit' ? [] : [childName(id)])).toSorted(),
    );
    unit.stop();
  });

  test('follows the unit as it goes', async () => {
    const unit = createActor(unitOverFakes, { input, inspect: inspector.inspect, clock: new SimulatedClock() });
    unit.subscribe({ error: () => undefined });
    unit.start();
    unit.send({ type: 'unit.start' });
    const isAt = (event: StatelyInspectionEvent) =>
      event.type === '@xstate.snapshot' &&
      event.sessionId === unit.sessionId &&
      (event.snapshot as { value?: { lifecycle?: unknown } }).value?.lifecycle;
    await expect.poll(() => seen.map(isAt)).toContainEqual({ operating: 'offline' });
    const events = seen.flatMap((event) => (event.type === '@xstate.event' ? [event.event.type] : []));
    expect(events).toEqual(expect.arrayContaining(['unit.start', 'settings.load', 'settings.loaded', 'schema.loaded']));
    unit.stop();
  });
});
