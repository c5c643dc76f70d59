/** Environment variable with the address of the inspector that a unit shows itself to. */
export const inspectorVariable = 'PEPEUNIT_INSPECTOR';

/** Reads an inspector's address as people copy it, also without its last slash; `undefined` for what is none. */
export const inspectorAddressIn = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return `${origin}${pathname.endsWith('/') ? pathname : `${pathname}/`}`;
};
