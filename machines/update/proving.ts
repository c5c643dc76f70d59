/** The state of a trial in which a version proves itself: online or, without MQTT, over REST, and then by the app. */
export const proving = {
  description: 'The version has to get online, and the app to be ready.',
  initial: 'connecting',
  states: {
    connecting: {
      description: 'Waits for the broker to grant the base topics; without MQTT, until the unit is at work.',
      always: [
        { guard: 'isAtWorkOverRest', target: 'reaching' },
        { guard: 'hasLink', target: 'asking' },
      ],
    },
    reaching: {
      description: 'Without MQTT, asks the instance over REST: its answer shows that it takes the unit.',
      invoke: {
        id: 'reach',
        src: 'askTarget',
        onDone: { target: 'asking', actions: [{ type: 'noteReached' }] },
        onError: { target: 'unreached' },
      },
      after: { askWithin: { target: 'unreached' } },
    },
    unreached: {
      description: 'The instance did not answer over REST, and is asked again.',
      after: { reachAgainAfter: { target: 'reaching' } },
    },
    asking: {
      description: 'Asks the app whether it is ready.',
      always: { guard: 'hasNoLink', target: 'connecting' },
      invoke: {
        id: 'checkReady',
        src: 'checkReady',
        onDone: { target: '#update.confirming' },
        onError: { target: '#update.givingUp', actions: [{ type: 'fail', params: { phase: 'trial' } }] },
      },
    },
  },
  after: {
    healthyWithin: [
      { guard: 'hasLink', target: '#update.givingUp', actions: [{ type: 'failTrial' }] },
      { target: 'probing' },
    ],
  },
} as const;
