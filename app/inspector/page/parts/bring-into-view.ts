/** Moves a list as little as shows one of its items whole. */
export const bringIntoView = (item: Element | null | undefined): void =>
  item?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
