import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { wifiMachine, type WifiFact } from '../../../machines/wifi.ts';
import type { SsidInput, WifiLinkEvent, WifiStatus } from '../../../services/wifi.ts';
import { failing, gate, probe } from '../../support/actors.ts';

export const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<WifiFact>();
  const readStatus = gate<WifiStatus>();
  const scan = gate<boolean, SsidInput>();
  const join = gate<void, SsidInput>();
  const watch = { watchers: 0, isWatchable: true, isBroken: false, tell: (_event: WifiLinkEvent): void => undefined };
  const watchLink = fromCallback<{ type: 'link.ignore' }, object, WifiLinkEvent>(({ sendBack }) => {
    if (watch.isBroken) throw failing('io');
    watch.watchers += 1;
    watch.tell = sendBack;
    if (!watch.isWatchable) {
      sendBack({ type: 'link.unwatchable', failure: { name: 'WifiError', code: 'unsupported', message: 'no' } });
    }
    return () => {
      watch.watchers -= 1;
    };
  });
  const actor = createActor(
    wifiMachine.provide({
      actors: { readStatus: readStatus.logic, scan: scan.logic, join: join.logic, watchLink },
    }),
    { clock, input: { parent: parent.ref } },
  ).start();
  const connect = (ssid = 'home', maxReconnectionMs = 60_000, revision = 1) =>
    actor.send({ type: 'wifi.connect', ssid, maxReconnectionMs, revision });
  return { actor, clock, parent, readStatus, scan, join, watch, connect, state: () => actor.getSnapshot() };
};

export const linked = async (ssid = 'home') => {
  const unit = start();
  unit.connect(ssid);
  await unit.readStatus.resolve({ linked: true, ssid });
  return unit;
};
