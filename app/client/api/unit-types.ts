import type { Codec, Decoded } from '../../messaging/inbound/codec.ts';
import type { InboundMessage } from '../../messaging/inbound/message.ts';
import type { BaseInputTopicType, BaseOutputTopicType } from '../../../services/base-topics.ts';

/** Types of a unit, as `pepeunit types` writes them into unit.d.ts. */
export interface UnitTypes {
  /** The unit's own variables. */
  readonly env: object;
  /** Keys of its Inputs. */
  readonly input: string;
  /** Keys of its Outputs. */
  readonly output: string;
}

/** The unit's own variables: of its types, or the types themselves where they are variables alone. */
export type EnvOf<TUnit extends object> = TUnit extends UnitTypes ? TUnit['env'] : TUnit;

/** Keys of the unit's Inputs. */
export type InputKey<TUnit> = TUnit extends UnitTypes ? TUnit['input'] : string;

/** Keys of the unit's Outputs. */
export type OutputKey<TUnit> = TUnit extends UnitTypes ? TUnit['output'] : string;

/** Keys that the unit can publish to: its Outputs, and its base outputs. Spelled out, so that errors name each of them. */
export type PublishKey<TUnit> = TUnit extends UnitTypes
  ? TUnit['output'] | (typeof BaseOutputTopicType)[keyof typeof BaseOutputTopicType]
  : string;

/**
 * Codecs, by the key of the Input whose messages they decode.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them.
 */
export type Codecs<TUnit = object> = { readonly [K in InputKey<TUnit>]?: Codec | undefined };

type MessageKey<TUnit extends UnitTypes> =
  TUnit['input'] | TUnit['output'] | BaseInputTopicType | BaseOutputTopicType | undefined;

type MessageOfKey<TKey extends string | undefined, TCodecs> = TKey extends keyof TCodecs
  ? InboundMessage<TKey, Decoded<TCodecs[TKey]>>
  : InboundMessage<TKey>;

/**
 * An inbound message of a unit: a comparison of its `key` says what its `json()` returns.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them.
 * @typeParam TCodecs The type of the option `codecs`.
 */
export type MessageOf<TUnit, TCodecs = Codecs<TUnit>> = TUnit extends UnitTypes
  ? MessageOfKey<MessageKey<TUnit>, TCodecs>
  : InboundMessage;
