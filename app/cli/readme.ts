import { join } from 'node:path';
import { replaceFile } from '../../adapters/node/fs/durable-file.ts';
import { SettingsError, StorageError } from '../../services/errors.ts';
import { command, exitCode } from './command.ts';
import { oldReadme, readmeStateIn } from './unit/readme-file.ts';
import { descriptionName } from './unit/description.ts';
import { print, printStatus } from '../terminal/output.ts';
import { callFor } from '../terminal/shell.ts';

/** `pepeunit readme`: writes readme.md from pepeunit.toml. */
export const readmeCommand = command(
  {
    name: 'readme',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      `Writes readme.md of the unit in FOLDER (by default the current one) from its ${descriptionName}, as the platform\n` +
      'does. What stands below "## Additional information" stays. A readme that was not written so is left alone.',
    options: {
      check: { type: 'boolean', help: 'Write nothing; exit with 1 when the readme is not current.' },
      json: { type: 'boolean', help: 'Print the path, and whether it was current, as JSON.' },
    },
    examples: ['my-unit', 'my-unit --check'],
  },
  async ({ operands: [folder = '.'], options: { check = false, json = false } }) => {
    const state = await readmeStateIn(folder);
    if (!state) {
      const path = join(folder, descriptionName);
      throw new SettingsError(
        'missing',
        `${path} does not exist. Write what is missing by ${callFor('init', folder)}.`,
      );
    }
    const { path, wanted, isCurrent, isOurs } = state;
    if (check) {
      if (json) print(JSON.stringify({ readme: path, current: isCurrent }));
      else if (isCurrent) print(`${path} is current`);
      else printStatus(`pepeunit readme: ${oldReadme(path, folder)}`);
      return isCurrent ? exitCode.ok : exitCode.failed;
    }
    if (!isOurs) {
      throw new StorageError(
        'io',
        `${path} was not written from ${descriptionName}, and stays as it is. Move it away, or put its text below "## Additional information".`,
      );
    }
    if (!isCurrent) await replaceFile(path, wanted, { mode: 0o644 });
    if (json) print(JSON.stringify({ readme: path, current: isCurrent }));
    else print(isCurrent ? `${path} is current` : `wrote ${path}`);
    return exitCode.ok;
  },
);
