import { useSignal } from '@preact/signals';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../services/json.ts';
import type { Request } from '../../wire.ts';
import { ask } from '../connection.ts';
import { shortPath } from '../format.ts';
import { source, type ShownActor } from '../store.ts';
import { Card } from './pieces.tsx';

/** What became of the last request, for people. */
const useOutcome = () => {
  const outcome = useSignal('');
  const request = async (what: Request[3]): Promise<void> => {
    outcome.value = 'Sent, waiting for the answer';
    const error = await ask(source.value?.name ?? '', what);
    outcome.value = error ?? 'Done';
  };
  return { outcome, request };
};

const fieldsIn = (text: string): JsonObject | undefined => {
  if (text.trim() === '') return {};
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Sends an event to a machine. */
export const SendEvent = ({ chosen }: { chosen: ShownActor }) => {
  const { outcome, request } = useOutcome();
  const type = useSignal('');
  const fields = useSignal('');
  const { events } = chosen.chart.valueOf(chosen.state.value);
  const to = source.value?.actors[chosen.state.actor]?.index ?? 0;
  const send = async (): Promise<void> => {
    const read = fieldsIn(fields.value);
    if (read) await request({ send: { ...read, type: type.value }, to });
    else outcome.value = 'The fields are no JSON object.';
  };
  return (
    <Card title={`Send to ${shortPath(chosen.path)}`}>
      <form
        class="control"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <label>
          Event
          <input
            required
            list="events"
            value={type}
            onInput={({ currentTarget }) => (type.value = currentTarget.value)}
          />
        </label>
        <datalist id="events">
          {events.map((event) => (
            <option key={event} value={event} />
          ))}
        </datalist>
        <label>
          Fields, as JSON
          <textarea rows={2} value={fields} onInput={({ currentTarget }) => (fields.value = currentTarget.value)} />
        </label>
        <button type="submit">Send</button>
        <output>{outcome}</output>
      </form>
    </Card>
  );
};

/** Publishes a message as the unit would. */
export const Publish = () => {
  const { outcome, request } = useOutcome();
  const topic = useSignal('');
  const payload = useSignal('');
  return (
    <Card title="Publish">
      <form
        class="control"
        onSubmit={(event) => {
          event.preventDefault();
          void request({ publish: payload.value, topic: topic.value, qos: 1 });
        }}
      >
        <label>
          Topic
          <input required value={topic} onInput={({ currentTarget }) => (topic.value = currentTarget.value)} />
        </label>
        <label>
          Payload
          <textarea rows={2} value={payload} onInput={({ currentTarget }) => (payload.value = currentTarget.value)} />
        </label>
        <button type="submit">Publish</button>
        <output>{outcome}</output>
      </form>
    </Card>
  );
};

const commands = ['Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync', 'Reset'] as const;

/** The platform's commands to the unit. */
export const Commands = () => {
  const { outcome, request } = useOutcome();
  const armed = useSignal(false);
  /** What can't be taken back is asked for twice. */
  const press = (command: (typeof commands)[number]): void => {
    const isFirst = command === 'Reset' && !armed.value;
    armed.value = isFirst;
    if (!isFirst) void request({ command });
  };
  return (
    <Card title="Commands">
      <div class="control commands">
        {commands.map((command) => (
          <button key={command} type="button" onClick={() => press(command)}>
            {armed.value && command === 'Reset' ? 'Reset: press again' : command}
          </button>
        ))}
        <output>{outcome}</output>
      </div>
    </Card>
  );
};
