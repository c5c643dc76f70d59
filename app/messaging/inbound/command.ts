import type { UpdateTarget } from '../../../services/update.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';

/** The commands that an instance sends, by the first segment of their topic key. */
export type CommandName = 'update' | 'env_update' | 'schema_update' | 'log_sync' | 'reset';

/** A command, ready for the unit's root machine. */
export interface Command {
  readonly command: CommandName;
  readonly target?: UpdateTarget;
}

/** What a command's payload says in `COMMAND`. */
export const spoken: Readonly<Record<CommandName, string>> = {
  update: 'Update',
  env_update: 'EnvUpdate',
  schema_update: 'SchemaUpdate',
  log_sync: 'LogSync',
  reset: 'Reset',
};

/** Every command. */
export const commands = Object.keys(spoken) as CommandName[];

/** The command that a key of `input_base_topic` stands for. */
export const commandOfKey = (key: string): CommandName | undefined =>
  commands.find((command) => key === `${command}/pepeunit`);

const maxPayloadBytes = 64 * 1024;
const strict = new TextDecoder('utf-8', { fatal: true });

const parseObject = (payload: Uint8Array): JsonObject | string => {
  if (payload.length === 0) return 'the payload is empty';
  if (payload.length > maxPayloadBytes) return `the payload is longer than ${maxPayloadBytes} bytes`;
  let text: string;
  try {
    text = strict.decode(payload);
  } catch {
    return 'the payload is not UTF-8';
  }
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : 'the payload is no JSON object';
  } catch {
    return 'the payload is not JSON';
  }
};

const parseTarget = (payload: JsonObject): UpdateTarget | string => {
  const { PU_COMMIT_VERSION: commitVersion, COMPILED_FIRMWARE_LINK: firmwareLink } = payload;
  if (typeof commitVersion !== 'string' || commitVersion === '') return 'PU_COMMIT_VERSION names no version';
  if (firmwareLink === undefined || firmwareLink === null) return { commitVersion, payload };
  if (typeof firmwareLink !== 'string') return 'COMPILED_FIRMWARE_LINK is no link';
  return { commitVersion, firmwareLink, payload };
};

/**
 * Reads the payload of a command.
 *
 * @returns The command, or why it is refused.
 */
export const parseCommand = (command: CommandName, bytes: Uint8Array): Command | string => {
  // The one command whose payload has no meaning.
  if (command === 'reset') return { command };
  const payload = parseObject(bytes);
  if (typeof payload === 'string') return payload;
  if (payload['COMMAND'] !== spoken[command]) return `COMMAND is not ${spoken[command]}`;
  if (command !== 'update') return { command };
  const target = parseTarget(payload);
  return typeof target === 'string' ? target : { command, target };
};
