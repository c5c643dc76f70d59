const isLevel = (level: string, at: number, levels: readonly string[]): boolean =>
  level === '#' ? at === levels.length - 1 : level === '+' || !/[+#]/.test(level);

/** Creates the predicate of an MQTT topic filter (MQTT section 4.7); `undefined` for an invalid filter. */
export const topicMatcher = (filter: string): ((topic: string) => boolean) | undefined => {
  const levels = filter.split('/');
  if (filter === '' || filter.includes('\0') || !levels.every(isLevel)) return undefined;
  if (!/[+#]/.test(filter)) return (topic) => topic === filter;
  const all = levels.at(-1) === '#';
  const wanted = all ? levels.slice(0, -1) : levels;
  return (topic) => {
    const given = topic.split('/');
    if (all ? given.length < wanted.length : given.length !== wanted.length) return false;
    return wanted.every((level, at) => level === '+' || level === given[at]);
  };
};
