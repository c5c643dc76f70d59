import { describe, expect, test } from 'vitest';
import { parseEnv, parseNextEnv, unitUuidOf, type ReservedEnv } from '../../services/env.ts';
import type { JsonObject, JsonValue } from '../../services/json.ts';
import { envDocument, tokenOf, unitUuid } from '../support/documents.ts';

describe('the token', () => {
  test.each([
    ['compact', JSON.stringify({ uuid: unitUuid, type: 'Unit' })],
    ['with spaces', `{ "uuid" : "${unitUuid}" , "type" : "Unit" }`],
    ['with line ends', `{\n\t"type": "Unit",\n\t"uuid": "${unitUuid}"\n}`],
    ['with text beyond ASCII', JSON.stringify({ name: 'Датчик ÿþ', uuid: unitUuid })],
  ])('gives the UUID when its JSON is %s', (_, claims) => expect(unitUuidOf(tokenOf(claims))).toBe(unitUuid));

  test.each([
    ['is missing', ''],
    ['has no claims', 'abc'],
    ['is not base64', 'a.!!!.c'],
    ['is not JSON', `a.${Buffer.from('nope').toString('base64url')}.c`],
    ['names no UUID', tokenOf('{"uuid":"x"}')],
    ['is an array', tokenOf('[1]')],
  ])('that %s is refused, and never shown', (_, token) => {
    const refused = expect.objectContaining({
      name: 'SettingsError',
      code: 'invalid',
      message: expect.not.stringContaining(token || 'nothing to show'),
    });
    expect(() => unitUuidOf(token)).toThrow(refused);
  });
});

describe('env.json', () => {
  test('fills in the defaults', () => {
    const { reserved } = parseEnv({ PU_MQTT_HOST: 'broker', PU_AUTH_TOKEN: tokenOf() });
    expect(reserved).toMatchObject({
      PU_HTTP_TYPE: 'https',
      PU_MQTT_PORT: 1883,
      PU_MQTT_PING_INTERVAL: 20,
      PU_MQTT_KEEPALIVE: 60,
      PU_STATE_SEND_INTERVAL: 300,
      PU_MIN_LOG_LEVEL: 'Debug',
      PU_MAX_LOG_LENGTH: 64,
      PUC_MAX_RECONNECTION_INTERVAL: 60_000,
    });
  });

  test('takes what users type into forms', () => {
    const { reserved } = parseEnv(
      envDocument({
        PU_MQTT_PORT: ' 1884 ',
        PU_STATE_SEND_INTERVAL: '10',
        PU_MIN_LOG_LEVEL: 'warning',
        PU_HTTP_TYPE: 'HTTPS',
      }),
    );
    expect(reserved).toMatchObject({
      PU_MQTT_PORT: 1884,
      PU_STATE_SEND_INTERVAL: 10,
      PU_MIN_LOG_LEVEL: 'Warning',
      PU_HTTP_TYPE: 'https',
    });
  });

  test.each<[string, JsonObject]>([
    ['PU_MQTT_PORT', { PU_MQTT_PORT: 'mqtt' }],
    ['PU_MQTT_PORT', { PU_MQTT_PORT: 0 }],
    ['PU_MQTT_PORT', { PU_MQTT_PORT: 65_536 }],
    ['PU_MQTT_PORT', { PU_MQTT_PORT: '' }],
    ['PU_MQTT_PORT', { PU_MQTT_PORT: true }],
    ['PU_HTTP_TYPE', { PU_HTTP_TYPE: 'ftp' }],
    ['PU_DOMAIN', { PU_DOMAIN: {} }],
    ['PU_MQTT_HOST', { PU_MQTT_HOST: '' }],
  ])('names %s when it can not be used', (name, changes) => {
    expect(() => parseEnv(envDocument(changes))).toThrow(
      expect.objectContaining({ name: 'SettingsError', code: 'invalid', message: expect.stringContaining(name) }),
    );
  });

  test.each<[keyof ReservedEnv, JsonValue, unknown]>([
    ['PU_STATE_SEND_INTERVAL', 0, 300],
    ['PU_STATE_SEND_INTERVAL', 0.5, 300],
    ['PU_STATE_SEND_INTERVAL', -1, 300],
    ['PU_STATE_SEND_INTERVAL', [], 300],
    ['PU_MQTT_PING_INTERVAL', 0, 20],
    ['PU_MQTT_PING_INTERVAL', 'часто', 20],
    ['PU_MQTT_KEEPALIVE', '', 60],
    ['PU_MIN_LOG_LEVEL', 'Loud', 'Debug'],
    ['PU_MAX_LOG_LENGTH', true, 64],
    ['PU_ENCRYPT_KEY', {}, ''],
    ['PUC_MAX_RECONNECTION_INTERVAL', 0, 60_000],
  ])('uses the default and names the variable for %s %j', (name, value, expected) => {
    const { reserved, defaulted, given } = parseEnv(envDocument({ [name]: value }));
    expect(reserved[name]).toBe(expected);
    expect(given[name]).toBe(expected);
    expect(defaulted).toEqual([name]);
  });

  test('takes older names of variables where the newer ones are missing', () => {
    const older = { MINIMAL_LOG_LEVEL: 'error', WIFI_SSID: 'дом', WIFI_PASS: 'old', PUC_WIFI_PASS: 'new' };
    const { reserved, renamed } = parseEnv(envDocument(older));
    expect(reserved).toMatchObject({ PU_MIN_LOG_LEVEL: 'Error', PUC_WIFI_SSID: 'дом', PUC_WIFI_PASS: 'new' });
    expect(renamed).toEqual(['PU_MIN_LOG_LEVEL', 'PUC_WIFI_SSID']);
  });

  test.each([[[]], ['x'], [null], [7]])('that is %j is refused', (document) => {
    expect(() => parseEnv(document)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  test("keeps the developer's own variables, whatever they are called (C8)", () => {
    const document = JSON.parse(
      JSON.stringify(envDocument({ DELAY: 5 })).replace('{', '{"__proto__":{"polluted":true},"constructor":"mine",'),
    ) as JsonObject;
    const { given } = parseEnv(document);
    expect(given['DELAY']).toBe(5);
    expect(given['constructor']).toBe('mine');
    expect(Object.getPrototypeOf(given)).toBeNull();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('an env that is about to take the place of the one in force (U3)', () => {
  test.each<[string, JsonObject]>([
    ['a domain with a port', { PU_DOMAIN: 'pepeunit.test:8080' }],
    ['addresses', { PU_DOMAIN: '[::1]:8080', PU_MQTT_HOST: '10.0.0.1' }],
    ['IPv6 without brackets', { PU_MQTT_HOST: 'fe80::1' }],
    ['IPv6 in brackets', { PU_MQTT_HOST: '[fe80::1]' }],
  ])('may have %s', (_, changes) => {
    expect(parseNextEnv(envDocument(changes), unitUuid.toUpperCase()).unitUuid).toBe(unitUuid);
  });

  const other = tokenOf('{"uuid":"11111111-2222-4333-8444-555555555555"}');

  test.each<[string, JsonObject]>([
    ['PU_AUTH_TOKEN', { PU_AUTH_TOKEN: '' }],
    ['PU_AUTH_TOKEN', { PU_AUTH_TOKEN: null }],
    ['PU_AUTH_TOKEN', { PU_AUTH_TOKEN: 'a.b.c' }],
    ['PU_AUTH_TOKEN', { PU_AUTH_TOKEN: other }],
    ['PU_MQTT_HOST', { PU_MQTT_HOST: '' }],
    ['PU_MQTT_HOST', { PU_MQTT_HOST: 'mqtt://broker' }],
    ['PU_MQTT_HOST', { PU_MQTT_HOST: 'broker:1883' }],
    ['PU_MQTT_HOST', { PU_MQTT_HOST: 'broker/path' }],
    ['PU_DOMAIN', { PU_DOMAIN: '' }],
    ['PU_DOMAIN', { PU_DOMAIN: null }],
    ['PU_DOMAIN', { PU_DOMAIN: 'https://pepeunit.test' }],
    ['PU_DOMAIN', { PU_DOMAIN: 'user@pepeunit.test' }],
    ['PU_DOMAIN', { PU_DOMAIN: 'pepeunit.test/path' }],
    ['PU_DOMAIN', { PU_DOMAIN: 'two words' }],
    ['PU_DOMAIN', { PU_DOMAIN: 'host:port' }],
  ])('is refused for a %s that would cut the unit off, and no token is shown', (name, changes) => {
    const act = () => parseNextEnv(envDocument(changes), unitUuid);
    expect(act).toThrow(
      expect.objectContaining({ name: 'SettingsError', code: 'invalid', message: expect.stringContaining(name) }),
    );
    expect(act).toThrow(expect.objectContaining({ message: expect.not.stringContaining(other) }));
  });
});
