import { expect, test } from 'vitest';
import { createCommandIntake } from '../../../../app/messaging/inbound/command-intake.ts';
import type { Command } from '../../../../app/messaging/inbound/command.ts';
import { parseSchema } from '../../../../services/schema.ts';
import { commandTopic, schemaDocument } from '../../../support/documents.ts';

const createTestIntake = () => {
  const commands: Command[] = [];
  const warnings: string[] = [];
  const intake = createCommandIntake({
    onCommand: (command) => void commands.push(command),
    warn: (warning) => void warnings.push(warning),
  });
  intake.route(parseSchema(schemaDocument()));
  const take = (topic: string, retained: boolean) => intake.take(topic, Buffer.from('{"COMMAND":"LogSync"}'), retained);
  return { commands, warnings, take };
};

test('a retained command is never obeyed, and is told the first time, the 10th, the 100th', () => {
  const { commands, warnings, take } = createTestIntake();
  for (let connects = 0; connects < 150; connects += 1) expect(take(commandTopic('log_sync'), true)).toBe(true);
  expect(commands).toEqual([]);
  expect(warnings).toHaveLength(3);
  expect(warnings[1]).toContain('for the 10th time');
  expect(take(commandTopic('log_sync'), false)).toBe(true);
  expect(commands).toEqual([{ command: 'log_sync' }]);
});

test('what is no command is left alone, retained or not', () => {
  const { commands, warnings, take } = createTestIntake();
  expect([take('unit.test/input', true), take('unit.test/input', false)]).toEqual([false, false]);
  expect([...commands, ...warnings]).toEqual([]);
});
