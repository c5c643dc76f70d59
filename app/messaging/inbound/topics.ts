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

/** A topic of the schema. */
interface SchemaTopic extends TopicRole {
  /** Whether the unit subscribes to it. */
  readonly isInput: boolean;
}

/** Sections in the order of a topic's keys. The unit subscribes to the first two. */
const sections = ['input_base_topic', 'input_topic', 'output_topic', 'output_base_topic'] as const;

const noRole: SchemaTopic = { keys: [], command: undefined, isInput: false };

const rolesOf = (schema: UnitSchema): ReadonlyMap<string, SchemaTopic> => {
  const roles = new Map<string, SchemaTopic>();
  for (const section of sections) {
    for (const [key, topics] of Object.entries(schema[section])) {
      for (const [at, topic] of topics.entries()) {
        const { keys, command, isInput } = roles.get(topic) ?? noRole;
        // A key's command comes on its very topic alone (C13).
        const own = section === 'input_base_topic' && at === 0 ? commandOfKey(key) : undefined;
        roles.set(topic, {
          keys: keys.includes(key) ? keys : keys.concat(key),
          command: own ?? command,
          isInput: isInput || section === 'input_base_topic' || section === 'input_topic',
        });
      }
    }
  }
  return roles;
};

/** A shared subscription (MQTT 5 section 4.8.2) gets the topics of the filter in it. */
const sharedPrefix = /^\$share\/[^/]+\//;

/** What the app subscribes to itself. */
class TopicFilters {
  /** The filters as given. */
  readonly given: readonly string[];
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly ((topic: string) => boolean)[];

  constructor(given: readonly string[]) {
    this.given = given;
    const named = given.map((filter) => filter.replace(sharedPrefix, ''));
    this.#exact = new Set(named);
    this.#patterns = named.filter((name) => /[+#]/.test(name)).flatMap((name) => topicMatcher(name) ?? []);
  }

  match(topic: string): boolean {
    return this.#exact.has(topic) || this.#patterns.some((matches) => matches(topic));
  }
}

/** Knows what the inbound topics are to the unit; a look-up in a map for each message. */
export class InboundTopics {
  readonly #extraTopics: () => readonly string[];
  readonly #decoders: readonly { readonly key: string; readonly decoder: ReturnType<typeof createDecoder> }[];
  #roles: ReadonlyMap<string, SchemaTopic> | undefined;
  #extra: TopicFilters | undefined;

  /**
   * @param extraTopics Topics and filters that the app subscribes to besides the schema's; read for other topics alone.
   * @param codecs The app's codecs, by topic key.
   */
  constructor(extraTopics: () => readonly string[], codecs: Readonly<Record<string, Codec | undefined>> = {}) {
    this.#extraTopics = extraTopics;
    this.#decoders = Object.entries(codecs).flatMap(([key, codec]) =>
      codec ? [{ key, decoder: createDecoder(key, codec) }] : [],
    );
  }

  /** Applies the topics of a schema. */
  route(schema: UnitSchema): void {
    this.#roles = rolesOf(schema);
    for (const { key, decoder } of this.#decoders)
      for (const { keys } of this.#roles.values()) if (keys[0] === key) decodeWith(keys, decoder);
  }

  /** @returns `undefined` for a topic that the unit has not subscribed to. */
  roleOf(topic: string): TopicRole | undefined {
    const role = this.#roles?.get(topic);
    if (role?.isInput === true) return role;
    return this.#isExtra(topic) ? (role ?? noRole) : undefined;
  }

  /** Whether a topic is one of those that the app subscribes to itself. */
  #isExtra(topic: string): boolean {
    const filters = this.#extraTopics();
    if (this.#extra?.given !== filters) this.#extra = new TopicFilters(filters);
    return this.#extra.match(topic);
  }
}
