import { webCryptoCipher } from '../../../adapters/shared/cipher.ts';
import type { Cipher } from '../../../services/cipher.ts';

/**
 * Authenticated encryption of texts with a shared key; see {@link Cipher}.
 *
 * @example
 * import { AesGcmCipher } from 'pepeunit-client';
 *
 * const cipher = new AesGcmCipher();
 * const secret = await cipher.aesGcmEncode('21.5', client.settings.PU_ENCRYPT_KEY);
 */
export class AesGcmCipher implements Cipher {
  readonly #cipher = webCryptoCipher();

  /**
   * Encrypts a text.
   *
   * @param key 16, 24 or 32 bytes in base64.
   * @throws {CipherError} The key is invalid.
   * @example
   * import { AesGcmCipher } from 'pepeunit-client';
   *
   * const secret = await new AesGcmCipher().aesGcmEncode('21.5', client.settings.PU_ENCRYPT_KEY);
   */
  aesGcmEncode(data: string, key: string): Promise<string> {
    return this.#cipher.aesGcmEncode(data, key);
  }

  /**
   * Decrypts a text that {@link AesGcmCipher.aesGcmEncode} returned.
   *
   * @throws {CipherError} The key is wrong, or the text was altered.
   * @example
   * import { AesGcmCipher } from 'pepeunit-client';
   *
   * const cipher = new AesGcmCipher();
   * const key = client.settings.PU_ENCRYPT_KEY;
   * const text = await cipher.aesGcmDecode(await cipher.aesGcmEncode('21.5', key), key);
   */
  aesGcmDecode(data: string, key: string): Promise<string> {
    return this.#cipher.aesGcmDecode(data, key);
  }
}
