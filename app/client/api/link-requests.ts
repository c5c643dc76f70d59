import { ClientError } from '../../../services/errors.ts';

const superseded = () =>
  new ClientError('superseded', 'The link was closed on request before it was up. Connect again when it is wanted.');

/** The error of what needs MQTT, in a unit that uses REST alone. */
export const mqttIsOff = (): ClientError =>
  new ClientError('unsupported', 'MQTT is switched off. Turn the option ffMqttEnable on.');

/** Lets a request for the link overtake those for the contrary. */
export const createLinkRequests = () => {
  let connects: AbortController | undefined;
  let disconnects: AbortController | undefined;
  return {
    connect: () => {
      disconnects?.abort();
      disconnects = undefined;
    },
    disconnect: () => {
      connects?.abort(superseded());
      connects = undefined;
    },
    /** @returns A signal that aborts when the link is to be closed instead. */
    overtakenConnect: () => (connects ??= new AbortController()).signal,
    /** @returns A signal that aborts when the link is to be opened instead. */
    overtakenDisconnect: () => (disconnects ??= new AbortController()).signal,
  };
};
