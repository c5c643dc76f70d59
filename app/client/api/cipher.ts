import { webCryptoCipher } from '../../../adapters/shared/cipher.ts';
import type { Cipher } from '../../../services/cipher.ts';

/** Authenticated encryption of texts with a shared key; see {@link Cipher}. */
export class AesGcmCipher implements Cipher {
  readonly #cipher = webCryptoCipher();

  aesGcmEncode(data: string, key: string): Promise<string> {
    return this.#cipher.aesGcmEncode(data, key);
  }

  aesGcmDecode(data: string, key: string): Promise<string> {
    return this.#cipher.aesGcmDecode(data, key);
  }
}
