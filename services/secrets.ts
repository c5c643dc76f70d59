import { isJsonObject, type JsonValue } from './json.ts';
import { hideSecrets } from './redaction.ts';

/** Variables whose values must not appear in logs, errors, events or inspectors. */
export const secretVariables = ['PU_AUTH_TOKEN', 'PU_SECRET_KEY', 'PU_ENCRYPT_KEY', 'PUC_WIFI_PASS'] as const;

/** The name that earlier clients gave to the password of the WiFi. */
export const olderWifiPass = 'WIFI_PASS';

/**
 * Whether a variable of env.json is a secret, by its name or the one of earlier clients.
 *
 * @example
 * import { isSecretVariable } from 'pepeunit-client/services';
 *
 * isSecretVariable('PUC_WIFI_PASS'); // true
 */
export const isSecretVariable = (name: string): boolean =>
  name === olderWifiPass || secretVariables.some((secret) => secret === name);

/** Hides the secrets of an env.json, whether the rest of it can be used or not. */
export const hideSecretsOf = (document: unknown): void => {
  if (!isJsonObject(document)) return;
  const secrets = Object.entries(document)
    .filter(([name]) => isSecretVariable(name))
    .map(([, value]: [string, JsonValue]) => value);
  hideSecrets(secrets.filter((value) => typeof value === 'string' || typeof value === 'number').map(String));
};
