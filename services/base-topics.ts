/** Keys of the topics that carry commands. */
export const BaseInputTopicType = {
  UpdatePepeunit: 'update/pepeunit',
  EnvUpdatePepeunit: 'env_update/pepeunit',
  SchemaUpdatePepeunit: 'schema_update/pepeunit',
  LogSyncPepeunit: 'log_sync/pepeunit',
  ResetPepeunit: 'reset/pepeunit',
} as const;
export type BaseInputTopicType = (typeof BaseInputTopicType)[keyof typeof BaseInputTopicType];

/** Keys of the topics that carry the unit's reports. */
export const BaseOutputTopicType = {
  LogPepeunit: 'log/pepeunit',
  StatePepeunit: 'state/pepeunit',
} as const;
export type BaseOutputTopicType = (typeof BaseOutputTopicType)[keyof typeof BaseOutputTopicType];

/** Keys of the base sections of a schema; each that a unit lists has one topic, `DOMAIN/SECTION/UNIT/KEY`. */
export const baseKeys: Readonly<Record<'input_base_topic' | 'output_base_topic', string[]>> = {
  input_base_topic: Object.values(BaseInputTopicType),
  output_base_topic: [BaseOutputTopicType.StatePepeunit, BaseOutputTopicType.LogPepeunit],
};
