/** Holds staged versions to what their makers signed. */
export interface ReleaseTrust {
  /**
   * Checks that a staged version is whole, unchanged since it was signed by a trusted key, and not older than the newest
   * release that ran; env.json and schema.json are the instance's and are not covered. Without a trusted key nothing is
   * asked.
   *
   * @throws {FirmwareError} `unsigned`, `tampered`, `outdated`, `io`
   */
  check(id: string): Promise<void>;
}
