import { expect, test } from 'vitest';
import { CommandIntake } from '../../../../app/messaging/inbound/command-intake.ts';
import type { Command } from '../../../../app/messaging/inbound/command.ts';
import { commandTopic } from '../../../support/documents.ts';

const createTestIntake = () => {
  const commands: Command[] = [];
  const warnings: string[] = [];
  const intake = new CommandIntake({
    onCommand: (command) => void commands.push(command),
    warn: (warning) => void warnings.push(warning),
  });
  const take = (retained: boolean) =>
    intake.take('log_sync', commandTopic('log_sync'), Buffer.from('{"COMMAND":"LogSync"}'), retained);
  return { commands, warnings, take };
};

test('a retained command is never obeyed, and is told the first time, the 10th, the 100th', () => {
  const { commands, warnings, take } = createTestIntake();
  for (let connects = 0; connects < 150; connects += 1) take(true);
  expect(commands).toEqual([]);
  expect(warnings).toHaveLength(3);
  expect(warnings[1]).toContain('for the 10th time');
  take(false);
  expect(commands).toEqual([{ command: 'log_sync' }]);
});
