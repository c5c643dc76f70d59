/** Authenticated encryption with a shared key. */
export interface Cipher {
  /**
   * Encrypts a text with AES-GCM under a fresh 12-byte random nonce.
   *
   * @param data Any text; encrypted as UTF-8.
   * @param key Base64 of 16, 24 or 32 bytes.
   * @returns `base64(nonce).base64(ciphertext + 16-byte tag)`
   * @throws {CipherError} `key`
   */
  aesGcmEncode(data: string, key: string): Promise<string>;
  /**
   * Decrypts the result of {@link Cipher.aesGcmEncode}; returns no plaintext before the tag is checked.
   *
   * @throws {CipherError} `key`, `shape`, `nonce`, or `tampered` (also for a wrong key).
   */
  aesGcmDecode(data: string, key: string): Promise<string>;
}
