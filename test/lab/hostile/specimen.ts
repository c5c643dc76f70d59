/** An archive that has to be refused. */
export interface Specimen {
  readonly name: string;
  /** Where alone it has to be refused. @defaultValue everywhere */
  readonly where?: 'on Windows' | 'where names are folded';
  /** Its bytes, the same each time; or a stream of them, where they are many. */
  readonly make: () => Uint8Array | AsyncIterable<Uint8Array>;
}
