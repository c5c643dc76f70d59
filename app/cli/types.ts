import { basename } from 'node:path';
import { fileStorage } from '../../adapters/node/storage/storage.ts';
import { SettingsError } from '../../services/errors.ts';
import { isJsonObject } from '../../services/json.ts';
import { command, exitCode, UsageError } from './command.ts';
import { interfaceOf } from './interface-of.ts';
import { print } from './output.ts';

const identifier = /^[A-Za-z_$][\w$]*$/;

/** Prints the type of a unit's own variables. */
export const typesCommand = command(
  {
    name: 'types',
    operands: 'ENV_EXAMPLE',
    least: 1,
    most: 1,
    about:
      "Prints a TypeScript interface of the variables in ENV_EXAMPLE (a unit's env_example.json),\n" +
      'for new PepeunitClient<UnitEnv>(…). The variables that Pepeunit reserves are typed already and left out.',
    options: {
      name: { type: 'string', value: 'NAME', help: 'Name of the interface. UnitEnv by default.' },
    },
  },
  async ({ operands: [path = ''], options: { name = 'UnitEnv' } }) => {
    if (!identifier.test(name)) throw new UsageError(`--name takes a TypeScript name, not "${name}".`);
    const example = await fileStorage().readJson(path);
    if (example === undefined) throw new SettingsError('missing', `${path} does not exist. Name an env_example.json.`);
    if (!isJsonObject(example)) {
      throw new SettingsError('malformed', `${path} must be a JSON object: variables by name. Correct it.`);
    }
    print(interfaceOf(name, example, basename(path)));
    return exitCode.ok;
  },
);
