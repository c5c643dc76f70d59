/** The state of a unit at work that has no MQTT. */
export const restOnly = {
  description: 'MQTT is switched off: there is never a link, and the target version is asked for now.',
  entry: [
    {
      type: 'log',
      params: { level: 'Info', text: 'MQTT is switched off: the unit works over REST alone' },
    },
    { type: 'dispatch', params: { route: 'askTarget' } },
    { type: 'report', params: { type: 'restOnly' } },
  ],
} as const;
