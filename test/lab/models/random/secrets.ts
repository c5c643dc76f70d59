import { testUuid } from '../../../../app/testing/documents.ts';

const part = (document: object): string => Buffer.from(JSON.stringify(document)).toString('base64url');

/** A token of the unit, told apart from others by its signature. */
const tokenOf = (signature: string): string =>
  [part({ alg: 'HS256' }), part({ uuid: testUuid, type: 'Unit' }), signature].join('.');

/** The secrets of the unit's first env. */
export const firstSecrets = {
  PU_AUTH_TOKEN: tokenOf('Zmlyc3RTaWduYXR1cmVPZlRoZVVuaXQ'),
  PU_SECRET_KEY: 'Rmlyc3RTZWNyZXRLZXlPZlRoZVVuaXQ=',
  PU_ENCRYPT_KEY: 'Rmlyc3RFbmNyeXB0S2V5T2ZUaGVVbml0',
  PUC_WIFI_PASS: 'first-pass-of-the-house',
} as const;

/** Those of an env that the instance makes later. */
export const laterSecrets = {
  PU_AUTH_TOKEN: tokenOf('bGF0ZXJTaWduYXR1cmVPZlRoZVVuaXQ'),
  PU_SECRET_KEY: 'TGF0ZXJTZWNyZXRLZXlPZlRoZVVuaXQ=',
  PU_ENCRYPT_KEY: 'TGF0ZXJFbmNyeXB0S2V5T2ZUaGVVbml0',
  PUC_WIFI_PASS: 'later-pass-of-the-house',
} as const;

/** What no sink may show; the signature of a token stands for it. */
const secrets = [firstSecrets, laterSecrets].flatMap((set) =>
  Object.values(set).map((secret) => secret.split('.').at(-1) ?? secret),
);

/** The first secret that a text shows. */
export const secretIn = (text: string): string | undefined => secrets.find((secret) => text.includes(secret));
