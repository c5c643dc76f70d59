import { ClientError, failureOf } from '../../services/errors.ts';
import type { JsonObject } from '../../services/json.ts';
import { LogLevel } from '../../services/log.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { StateReport } from '../../services/system.ts';
import type { Adapters } from '../platform.ts';
import { logTopicOf } from '../plane/mqtt-log-sink.ts';
import { createCycle, type Cycle } from './cycle.ts';
import { createDataPlane, type DataPlane } from './data-plane.ts';
import { createDocuments, type Documents } from './documents.ts';
import { sendStored } from './log-sync.ts';
import type { ResolvedOptions } from './options.ts';
import { outcomeOf, settled } from './requests.ts';
import { createRoot, type UnitActor } from './root.ts';
import { createEpoch, type Epoch } from './time-manager.ts';

/** The assembled unit: machines, data plane and documents, wired to the adapters. */
export interface UnitRuntime<TEnv extends object> {
  readonly actor: UnitActor;
  readonly documents: Documents<TEnv>;
  readonly plane: DataPlane;
  readonly epoch: Epoch;
  readonly cycle: Cycle;
  /** Starts the machines; they do nothing until asked. */
  power(): void;
  /** Starts the unit: settings, schema, network, link. */
  start(): void;
  /** Sends a request to a child machine and waits until it has done all that it was asked for. */
  ask(request: ChildRequest, systemId: string): Promise<void>;
  restart(mode: RestartMode): Promise<void>;
  stop(): Promise<void>;
}

type ChildRequest = Parameters<UnitActor['send']>[0];

const stateTopic = 'state/pepeunit';

export const createUnit = <TEnv extends object>(
  adapters: Adapters,
  options: ResolvedOptions,
  handleUpdate: (payload: JsonObject) => Promise<void>,
): UnitRuntime<TEnv> => {
  const { clock } = adapters;
  const epoch = createEpoch(clock);

  const documents = createDocuments<TEnv>(adapters, options, {
    loadSettings: () => ask({ type: 'settings.load' }, 'settings'),
    loadSchema: () => ask({ type: 'schema.load' }, 'schema'),
    onSchema: (schema) => plane.switchboard.route(schema),
  });
  const schema = () => documents.schemaSources.holder.current;

  const plane: DataPlane = createDataPlane({
    adapters,
    options,
    epoch,
    env: () => documents.settingsSources.holder.current,
    schema,
    onCommand: (command) => actor.send({ type: 'command.received', ...command }),
  });
  const { journal, publisher, switchboard, logFile, warn } = plane;

  const sendReport = async (report: StateReport) => {
    const topic = schema()?.output_base_topic[stateTopic]?.[0];
    if (topic === undefined) throw new ClientError('invalid', `The schema has no ${stateTopic}. Update the schema.`);
    await publisher.send(topic, JSON.stringify(report));
  };

  const sendLogs = (signal: AbortSignal) => {
    const topic = logTopicOf(schema());
    if (topic === undefined) throw new ClientError('invalid', 'The schema has no log/pepeunit. Update the schema.');
    const send = (payload: string) => publisher.send(topic, payload, { qos: 1 });
    return sendStored({ clock, stored: () => logFile.lines(), send }, signal);
  };

  const restart = async (mode: RestartMode) => {
    if (mode !== 'restart_exec' && mode !== 'restart_popen' && mode !== 'exit') return;
    cycle.stop();
    await journal.flush();
    await disconnect();
    try {
      await adapters.process.restart(mode);
    } catch (thrown) {
      cycle.resume();
      actor.send({ type: 'mqtt.connect' });
      throw thrown;
    }
  };

  const actor: UnitActor = createRoot({
    adapters,
    options,
    settings: documents.settingsSources,
    schema: documents.schemaSources,
    journal,
    switchboard,
    epochMs: epoch.epochMs,
    warn,
    sendReport,
    sendStored: sendLogs,
    closeLink: () => switchboard.closed(),
    restart,
    handOver: (target) => handleUpdate(target.payload ?? { PU_COMMIT_VERSION: target.commitVersion }),
  });

  const isOnline = () => actor.getSnapshot().matches({ lifecycle: { operating: 'online' } });
  const isConfigured = () => documents.settingsSources.holder.current !== undefined && schema() !== undefined;
  const cycle = createCycle({ clock, isConfigured, isOnline, warn });

  const disconnect = async () => {
    if (!publisher.isAttached()) return;
    const done = outcomeOf(actor, ['disconnected'], []);
    actor.send({ type: 'mqtt.disconnect' });
    await done;
  };

  actor.on('timeSynced', ({ offsetMs }) => epoch.setOffset(offsetMs));
  actor.on('online', () => void publisher.resume());
  actor.subscribe({
    error: (thrown) => journal.log(LogLevel.Critical, `The unit's root machine failed: ${failureOf(thrown).message}`),
  });

  let phase: 'off' | 'on' | 'stopped' = 'off';
  const power = () => {
    if (phase === 'stopped') throw new ClientError('stopped', 'The client was stopped. Make a new one.');
    phase = 'on';
    actor.start();
  };

  const ask = async (request: ChildRequest, systemId: string) => {
    power();
    actor.send(request);
    await settled(actor, systemId);
  };

  let stopping: Promise<void> | undefined;
  const end = async () => {
    const wasOn = phase === 'on' && actor.getSnapshot().status === 'active';
    phase = 'stopped';
    cycle.stop();
    if (wasOn) {
      const stopped = outcomeOf(actor, ['stopped'], []);
      actor.send({ type: 'unit.stop' });
      await stopped;
    }
    publisher.stop();
    await journal.flush();
    actor.stop();
  };

  return {
    actor,
    documents,
    plane,
    epoch,
    cycle,
    power,
    start: () => {
      power();
      actor.send({ type: 'unit.start' });
    },
    ask,
    restart,
    stop: () => {
      stopping ??= end();
      return stopping;
    },
  };
};
