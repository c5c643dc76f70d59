import { expect, test } from 'vitest';
import { fleetJitterMs, jitterWindowOf } from '../../../app/messaging/jitter-window.ts';

test.each([
  [0, ['localhost', '127.0.0.1', '127.8.9.10', '[::1]']],
  [
    10_000,
    ['10.0.0.1', '172.16.3.4', '172.31.0.1', '192.168.1.2', '169.254.1.1', '[fd12:3456::1]', '[fe80::1]'].concat([
      'emqx',
      'broker.local',
      'broker.lan',
      'box.home.arpa',
      'emqx.cluster.internal',
    ]),
  ],
  [
    fleetJitterMs,
    [
      'unit.example.org',
      '8.8.8.8',
      '172.32.0.1',
      '192.169.0.1',
      '11.0.0.1',
      '[2001:db8::1]',
      'local.example.org',
    ].concat(['localhost.example.org', '127.0.0.1.example.org', 'fd12.example.org']),
  ],
])('%i ms', (spreadMs, hosts) => {
  const schemes = ['mqtt', 'wss'];
  for (const host of hosts) {
    expect(
      schemes.map((scheme) => jitterWindowOf(`${scheme}://${host}:8883/mqtt`)),
      host,
    ).toEqual([spreadMs, spreadMs]);
  }
});

test('what is no address is taken for a platform', () => {
  expect(jitterWindowOf('nonsense')).toBe(fleetJitterMs);
});
