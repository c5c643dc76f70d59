import type { SchemaSection, UnitSchema } from '../../../services/schema.ts';

/** Kinds of value to search a topic key by. */
export const SearchTopicType = {
  /** The node's UUID: the second segment of its topic. */
  UnitNodeUuid: 'unit_node_uuid',
  /** The whole topic. */
  FullName: 'full_name',
} as const;
export type SearchTopicType = (typeof SearchTopicType)[keyof typeof SearchTopicType];

/** Sections to search for a topic key. */
export const SearchScope = {
  /** Input topics, then output topics. */
  All: 'all',
  Input: 'input',
  Output: 'output',
  /** Every section: input, output, then the base topics. */
  Everything: 'everything',
} as const;
export type SearchScope = (typeof SearchScope)[keyof typeof SearchScope];

/** Sections of schema.json. */
export const DestinationTopicType = {
  InputBaseTopic: 'input_base_topic',
  OutputBaseTopic: 'output_base_topic',
  InputTopic: 'input_topic',
  OutputTopic: 'output_topic',
} as const;
export type DestinationTopicType = (typeof DestinationTopicType)[keyof typeof DestinationTopicType];

/**
 * The unit's topics. A look-up takes constant time, however many topics there are.
 *
 * @typeParam TInput Keys of the unit's Inputs.
 * @typeParam TOutput Keys of its Outputs.
 */
export interface SchemaManager<TInput extends string = string, TOutput extends string = string> {
  /**
   * Reads schema.json again, applies it and subscribes to its topics.
   *
   * @throws {SchemaError} The file is missing or invalid; the schema in force stays.
   * @example
   * await client.schema.updateFromFile();
   */
  updateFromFile(): Promise<void>;
  /**
   * Replaces schema.json, checked like one from the instance, applies it and subscribes to its topics.
   *
   * @throws {SchemaError | StorageError} It is invalid, has another unit's base topics, or can't be written; the file and
   * the schema in force stay.
   * @example
   * const { inputBaseTopic: input_base_topic, outputBaseTopic: output_base_topic, outputTopic: output_topic } = client.schema;
   * await client.schema.update({ input_base_topic, output_base_topic, output_topic, input_topic: {} });
   */
  update(schema: object): Promise<void>;
  /**
   * Topics that carry commands, by key.
   *
   * @example
   * const [updateTopic] = client.schema.inputBaseTopic['update/pepeunit'] ?? [];
   */
  readonly inputBaseTopic: SchemaSection;
  /**
   * Topics that carry the unit's reports, by key.
   *
   * @example
   * const [stateTopic] = client.schema.outputBaseTopic['state/pepeunit'] ?? [];
   */
  readonly outputBaseTopic: SchemaSection;
  /**
   * Topics of the unit's Input nodes, by key: the node's own topic, then those of the Outputs linked to it.
   *
   * @example
   * const topics = client.schema.inputTopic['input/pepeunit'] ?? [];
   */
  readonly inputTopic: SchemaSection<TInput>;
  /**
   * Topics of the unit's Output nodes, by key.
   *
   * @example
   * const keys = Object.keys(client.schema.outputTopic);
   */
  readonly outputTopic: SchemaSection<TOutput>;
  /**
   * Finds the key of a topic.
   *
   * @param value A topic or a node's UUID, depending on `type`.
   * @param scope Sections to search, in order. @defaultValue `SearchScope.All`
   * @returns The first key found; `undefined` for none, and for a type or a scope that there is not.
   * @example
   * import { SearchScope, SearchTopicType } from 'pepeunit-client';
   *
   * client.setMqttInputHandler((unit, { topic }) => {
   *   const key = unit.schema.findTopicByUnitNode(topic, SearchTopicType.FullName, SearchScope.Input);
   *   if (key === 'input/pepeunit') unit.logger.info('A message for the input');
   * });
   */
  findTopicByUnitNode(value: string, type: SearchTopicType, scope?: SearchScope): string | undefined;
}

type Index = ReadonlyMap<string, string>;
type Sections = readonly (keyof UnitSchema)[];

const searched: Readonly<Record<SearchScope, Sections>> = {
  all: ['input_topic', 'output_topic'],
  input: ['input_topic'],
  output: ['output_topic'],
  everything: ['input_topic', 'output_topic', 'input_base_topic', 'output_base_topic'],
};

const none: SchemaSection = Object.freeze(Object.create(null) as SchemaSection);
const nothing: UnitSchema = { input_base_topic: none, output_base_topic: none, input_topic: none, output_topic: none };

const segmentOf = (topic: string): string | undefined => topic.split('/')[1];

const indexBy = (section: SchemaSection, nameOf: (topic: string) => string | undefined): Index => {
  const index = new Map<string, string>();
  for (const [key, topics] of Object.entries(section)) {
    for (const topic of topics) {
      const name = nameOf(topic);
      if (name !== undefined && !index.has(name)) index.set(name, key);
    }
  }
  return index;
};

const indexSections = (schema: UnitSchema, nameOf: (topic: string) => string | undefined) => ({
  input_topic: indexBy(schema.input_topic, nameOf),
  output_topic: indexBy(schema.output_topic, nameOf),
  input_base_topic: indexBy(schema.input_base_topic, nameOf),
  output_base_topic: indexBy(schema.output_base_topic, nameOf),
});

const indexSchema = (schema: UnitSchema) => ({
  full_name: indexSections(schema, (topic) => topic),
  unit_node_uuid: indexSections(schema, segmentOf),
});

export interface SchemaRequests {
  readonly load: () => Promise<void>;
  readonly update: (schema: unknown) => Promise<void>;
}

/** Creates the schema manager: its object is made when the app first asks for it. */
export const createSchemaManager = ({
  load,
  update,
}: SchemaRequests): { schema: () => SchemaManager; adopt: (schema: UnitSchema) => void } => {
  let made: SchemaManager | undefined;
  let current = nothing;
  /** Made by the first search. */
  let index: ReturnType<typeof indexSchema> | undefined;
  const make = (): SchemaManager => ({
    updateFromFile: load,
    update,
    get inputBaseTopic() {
      return current.input_base_topic;
    },
    get outputBaseTopic() {
      return current.output_base_topic;
    },
    get inputTopic() {
      return current.input_topic;
    },
    get outputTopic() {
      return current.output_topic;
    },
    findTopicByUnitNode: (value, type, scope = SearchScope.All) => {
      index ??= indexSchema(current);
      if (!Object.hasOwn(index, type) || !Object.hasOwn(searched, scope)) return undefined;
      for (const section of searched[scope]) {
        const key = index[type][section].get(value);
        if (key !== undefined) return key;
      }
      return undefined;
    },
  });
  return {
    schema: () => (made ??= make()),
    adopt: (schema) => {
      current = schema;
      index = undefined;
    },
  };
};
