import type { UnitEnv } from '../../services/env.ts';
import { ClientError } from '../../services/errors.ts';
import { command, exitCode } from './command.ts';
import { notesOf } from './note.ts';
import { noteOldReadme } from './unit/readme-file.ts';
import { print, printText } from '../terminal/output.ts';
import { bytesText, createProgress, silentProgress, type Progress } from '../terminal/progress.ts';
import { openLink, readEnv, readSchema } from './unit/folder.ts';

const publishTo = async (topics: readonly string[], message: string, env: UnitEnv, progress: Progress) => {
  using shown = progress;
  shown.show(`Waiting for the broker ${env.reserved.PU_MQTT_HOST}`);
  const link = await openLink(env, env.unitUuid);
  const size = Buffer.byteLength(message);
  try {
    for (const [index, topic] of topics.entries()) {
      const detail = `${index} of ${topics.length} messages, ${bytesText(index * size)}`;
      shown.show('Publishing', index / topics.length, detail);
      await link.publish(topic, message, { qos: 1 });
    }
  } finally {
    await link.close();
  }
};

/** `pepeunit publish`: publishes one message as a unit. */
export const publishCommand = command(
  {
    name: 'publish',
    operands: 'KEY MESSAGE',
    minOperands: 2,
    maxOperands: 2,
    about:
      'Publishes MESSAGE at QoS 1 to every topic of KEY in output_topic, else output_base_topic, as the unit itself.\n' +
      'A broker keeps one session for each unit: while this runs, a running program of the same unit loses its own,\n' +
      'and reconnects afterwards. A broker of MQTT 3.1.1 cannot report that it refused a message.',
    options: {
      folder: { type: 'string', value: 'FOLDER', help: "The unit's folder. The current one by default." },
      json: { type: 'boolean', help: 'Print the key and its topics as JSON.' },
    },
    examples: ['output/pepeunit 21.5 --folder my-unit'],
  },
  async ({ operands: [key = '', message = ''], options }) => {
    const { folder = '.', json } = options;
    await noteOldReadme(folder, notesOf('publish', options));
    const env = await readEnv(folder);
    const schema = await readSchema(folder);
    const topics = schema.output_topic[key] ?? schema.output_base_topic[key];
    if (!topics) {
      const known = [...Object.keys(schema.output_topic), ...Object.keys(schema.output_base_topic)];
      throw new ClientError(
        'invalid',
        `The schema has no output topic "${key}". It has ${known.join(', ') || 'none'}.`,
      );
    }
    await publishTo(topics, message, env, json === true ? silentProgress : createProgress());
    if (json === true) print(JSON.stringify({ key, topics }));
    else for (const topic of topics) printText(`published to ${topic}`);
    return exitCode.ok;
  },
);
