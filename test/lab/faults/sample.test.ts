import { expect, test } from 'vitest';
import { describeWithMosquitto } from '../../support/mosquitto.ts';
import { rows } from './all.ts';
import { play } from './lab.ts';

/** Faults that are played with the suite; `npm run faults` plays them all. */
const sample = [
  'broker killed, back after 0.3 s',
  'broker frozen (SIGSTOP) while publishing, for 10 s',
  'SUBACK failure for one topic of many',
  'broker that closes on a denied SUBSCRIBE (MQTT 5)',
  'PINGRESP missing, nothing else comes',
  'garbage bytes',
  'the first of two brokers has no address (DNS)',
  'TLS: expired certificate',
  'the preferred of two brokers dead (refused), later there again, then the other dead',
  'the preferred of two brokers refuses the credentials',
  'the preferred of two brokers shows a certificate of an unknown authority',
  'WebSocket: broker killed, back after 1 s',
  'WebSocket: broker frozen (SIGSTOP, half-open) for 10 s',
  'disk full for the log',
  'a retained command on each command topic, three connects',
  ".git in the archive, one in the unit's folder",
];

test('the lab has the faults of the sample', () => {
  expect(rows.map(({ fault }) => fault)).toEqual(expect.arrayContaining(sample));
});

describeWithMosquitto(
  'the unit recovers and loses nothing, and stops from every state (M12, M1, M4, M7, M16, C5, C17)',
  () => {
    test.concurrent.for(rows.filter(({ fault, isStop }) => isStop || sample.includes(fault)))('$fault', async (row) => {
      const { crashed, hung, unbounded, lost } = await play(row);
      expect({ crashed, hung, unbounded, lost }).toEqual({
        crashed: undefined,
        hung: undefined,
        unbounded: undefined,
        lost: 0,
      });
    });
  },
);
