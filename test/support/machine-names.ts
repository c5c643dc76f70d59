/** The name of a machine's files: its id in kebab case. */
export const fileNameOf = ({ id }: { readonly id: string }): string =>
  id.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The id of the machine whose files have that name. */
export const idOfFile = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
