import { expect, test } from 'vitest';
import { commandOfKey, parseCommand, type CommandName } from '../../../../app/messaging/inbound/command.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each<[string, CommandName | undefined]>([
  ['update/pepeunit', 'update'],
  ['env_update/pepeunit', 'env_update'],
  ['schema_update/pepeunit', 'schema_update'],
  ['log_sync/pepeunit', 'log_sync'],
  ['reset/pepeunit', 'reset'],
  ['update', undefined],
  ['update/pepeunit/x', undefined],
  ['constructor/pepeunit', undefined],
])('the key %s stands for %s', (key, command) => expect(commandOfKey(key)).toBe(command));

test('reads each command', () => {
  expect(parseCommand('env_update', bytes('{"COMMAND":"EnvUpdate"}'))).toEqual({ command: 'env_update' });
  expect(parseCommand('schema_update', bytes('{"COMMAND":"SchemaUpdate"}'))).toEqual({ command: 'schema_update' });
  expect(parseCommand('log_sync', bytes('{"COMMAND":"LogSync"}'))).toEqual({ command: 'log_sync' });
  const payload = { COMMAND: 'Update', PU_COMMIT_VERSION: 'abc', COMPILED_FIRMWARE_LINK: 'https://host/x' };
  expect(parseCommand('update', bytes(JSON.stringify(payload)))).toEqual({
    command: 'update',
    target: { commitVersion: 'abc', firmwareLink: 'https://host/x', payload },
  });
});

test.each(['{"COMMAND":"Reset"}', '', '{', '\u0000'])('a reset is one whatever its payload: %j', (payload) => {
  expect(parseCommand('reset', bytes(payload))).toEqual({ command: 'reset' });
});

test.each<[string, CommandName, string | Uint8Array, string]>([
  ['empty', 'update', '', 'the payload is empty'],
  ['not JSON', 'env_update', '{"COMMAND":', 'the payload is not JSON'],
  ['an array', 'update', '[1]', 'the payload is no JSON object'],
  ['a string', 'update', '"x"', 'the payload is no JSON object'],
  ['null', 'log_sync', 'null', 'the payload is no JSON object'],
  ['not UTF-8', 'log_sync', Uint8Array.of(0x7b, 0xff, 0x7d), 'the payload is not UTF-8'],
  ['huge', 'log_sync', ' '.repeat(65_537), 'the payload is longer than 65536 bytes'],
  ['another command', 'env_update', '{"COMMAND":"Update"}', 'COMMAND is not EnvUpdate'],
  ['no command', 'log_sync', '{}', 'COMMAND is not LogSync'],
  ['no version', 'update', '{"COMMAND":"Update"}', 'PU_COMMIT_VERSION names no version'],
  ['an empty version', 'update', '{"COMMAND":"Update","PU_COMMIT_VERSION":""}', 'PU_COMMIT_VERSION names no version'],
  [
    'a link that is none',
    'update',
    '{"COMMAND":"Update","PU_COMMIT_VERSION":"a","COMPILED_FIRMWARE_LINK":7}',
    'COMPILED_FIRMWARE_LINK is no link',
  ],
])('refuses a payload that is %s', (_, command, payload, reason) => {
  expect(parseCommand(command, typeof payload === 'string' ? bytes(payload) : payload)).toBe(reason);
});
