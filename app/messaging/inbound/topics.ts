import { topicMatcher } from '../../../adapters/shared/mqtt/topic-matcher.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createDecoder, decodeWith, type Codec } from './codec.ts';
import { commandOfKey, type CommandName } from './command.ts';

/** What a topic is to the unit. */
export interface TopicRole {
  /** Keys of the schema that list it, inputs first. */
  readonly keys: readonly string[];
  /** The command that its messages carry. */
  readonly command: CommandName | undefined;
}

/** Knows what the inbound topics are to the unit; a look-up in a map for each message. */
export interface InboundTopics {
  /** Applies the topics of a schema. */
  route(schema: UnitSchema): void;
  /** @returns `undefined` for a topic that the unit has not subscribed to. */
  roleOf(topic: string): TopicRole | undefined;
}

/** Sections in the order of a topic's keys. The unit subscribes to the first two. */
const inputSections = ['input_base_topic', 'input_topic'] as const;
const outputSections = ['output_topic', 'output_base_topic'] as const;

const rolesOf = (schema: UnitSchema, sections: readonly (keyof UnitSchema)[]): Map<string, TopicRole> => {
  const roles = new Map<string, TopicRole>();
  for (const section of sections) {
    for (const [key, topics] of Object.entries(schema[section])) {
      for (const [at, topic] of topics.entries()) {
        const { keys, command } = roles.get(topic) ?? noRole;
        // A key's command comes on its very topic alone (C13).
        const own = section === 'input_base_topic' && at === 0 ? commandOfKey(key) : undefined;
        roles.set(topic, { keys: keys.includes(key) ? keys : [...keys, key], command: own ?? command });
      }
    }
  }
  return roles;
};

const noRole: TopicRole = { keys: [], command: undefined };

/** A shared subscription (MQTT 5 section 4.8.2) gets the topics of the filter in it. */
const sharedPrefix = /^\$share\/[^/]+\//;

/** Creates the check whether a topic is one of those that the app subscribes to itself. */
const createExtraCheck = (extraTopics: () => readonly string[]) => {
  let known: readonly string[] = [];
  let exact: ReadonlySet<string> = new Set();
  let patterns: readonly ((topic: string) => boolean)[] = [];
  const adopt = (filters: readonly string[]) => {
    known = filters;
    const named = filters.map((filter) => filter.replace(sharedPrefix, ''));
    exact = new Set(named);
    patterns = named.filter((name) => /[+#]/.test(name)).flatMap((name) => topicMatcher(name) ?? []);
  };
  return (topic: string): boolean => {
    const filters = extraTopics();
    if (filters !== known) adopt(filters);
    return exact.has(topic) || patterns.some((matches) => matches(topic));
  };
};

/** Makes the decoders of an app's codecs. @returns A function that sets them for the messages of the topics. */
const createDecoding = (codecs: Readonly<Record<string, Codec | undefined>>) => {
  const decoders = new Map(
    Object.entries(codecs).flatMap(([key, codec]) => (codec ? [[key, createDecoder(key, codec)] as const] : [])),
  );
  return (roles: Iterable<TopicRole>): void => {
    if (decoders.size === 0) return;
    for (const { keys } of roles) {
      const decoder = decoders.get(keys[0] ?? '');
      if (decoder) decodeWith(keys, decoder);
    }
  };
};

/**
 * @param extraTopics Topics and filters that the app subscribes to besides the schema's; read for other topics alone.
 * @param codecs The app's codecs, by topic key.
 */
export const createInboundTopics = (
  extraTopics: () => readonly string[],
  codecs: Readonly<Record<string, Codec | undefined>> = {},
): InboundTopics => {
  let inputs: ReadonlyMap<string, TopicRole> = new Map();
  let all: ReadonlyMap<string, TopicRole> = new Map();
  const isExtra = createExtraCheck(extraTopics);
  const decode = createDecoding(codecs);
  return {
    route: (schema) => {
      all = rolesOf(schema, [...inputSections, ...outputSections]);
      decode(all.values());
      inputs = new Map([...rolesOf(schema, inputSections).keys()].map((topic) => [topic, all.get(topic) ?? noRole]));
    },
    roleOf: (topic) => inputs.get(topic) ?? (isExtra(topic) ? (all.get(topic) ?? noRole) : undefined),
  };
};
