/** A unit's folder, and the topics that both subjects use. The peer floods topics that begin with "i", and counts on "o". */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The same UUID for a number each time. */
export const uuidOf = (number) => {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return [8, 12, 16, 20].reduce(
    (text, at, index) => `${text.slice(0, at + index)}-${text.slice(at + index)}`,
    hex.slice(0, 32),
  );
};

export const inputTopics = (count, unit = 0) =>
  Array.from({ length: count }, (_, at) => `in.example.com/${uuidOf(`in ${unit} ${at}`)}/pepeunit`);
export const outputTopic = (unit = 0) => `out.example.com/${uuidOf(`out ${unit}`)}/pepeunit`;

/** A base topic of a unit: of its commands, or of its reports. */
export const baseTopic = (section, name, unit = 0) =>
  `base.example.com/${section}/${uuidOf(`unit ${unit}`)}/${name}/pepeunit`;

const baseOf = (section, names, unit) =>
  Object.fromEntries(names.map((name) => [`${name}/pepeunit`, [baseTopic(section, name, unit)]]));

const schemaOf = ({ inputs, unit }) => ({
  input_base_topic: baseOf('input_base_topic', ['update', 'env_update', 'schema_update', 'log_sync'], unit),
  output_base_topic: baseOf('output_base_topic', ['state', 'log'], unit),
  input_topic: Object.fromEntries(inputTopics(inputs, unit).map((topic, at) => [`in-${at}/pepeunit`, [topic]])),
  output_topic: { 'out/pepeunit': [outputTopic(unit)] },
});

/**
 * Writes env.json and schema.json of a unit into its folder.
 *
 * @returns The paths, as options of a client.
 */
export const writeDocuments = async (folder, { port, restPort = 9, inputs = 1, unit = 0 }) => {
  const uuid = uuidOf(`unit ${unit}`);
  const token = `e30.${Buffer.from(JSON.stringify({ uuid, type: 'Unit' })).toString('base64url')}.c2ln`;
  const env = {
    PU_DOMAIN: `127.0.0.1:${restPort}`,
    PU_HTTP_TYPE: 'http',
    PU_MQTT_HOST: '127.0.0.1',
    PU_MQTT_PORT: port,
    PU_AUTH_TOKEN: token,
    PU_COMMIT_VERSION: 'bench',
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'env.json'), JSON.stringify(env));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(schemaOf({ inputs, unit })));
  return {
    envFilePath: join(folder, 'env.json'),
    schemaFilePath: join(folder, 'schema.json'),
    logFilePath: join(folder, 'log.json'),
  };
};
