import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';

/** As in a rolling update: the process ids of both are the same. */
const sharedVolume: Row = {
  fault: 'two containers share the folder of a unit for 5 s, broker away',
  needsNamespaces: true,
  run: async (lab) => {
    const away = await lab.mosquitto();
    await away.stop();
    const { port } = away;
    const first = await lab.unit({ port, isContained: true, publishes: true });
    await until(async () => (await first.metrics()).messages.length > 0, { what: 'its first message' });
    const { folder } = first;
    const second = await lab.unit({ port, folder, isContained: true, publishes: true });
    await second.tells('is kept in memory alone');
    await sleep(5000);
    const begun = performance.now();
    await Promise.all([first.quiet(), second.quiet()]);
    const queued = (await first.metrics()).messages.filter(({ outcome }) => outcome === 'queued');
    await first.stop();
    await second.stop();
    const broker = await lab.mosquitto({ port });
    const third = await lab.unit({ port, folder, isContained: true, publishes: false });
    const onlineAt = await third.tells('online');
    const missing = () => queued.filter(({ mark }) => !seenBy([broker]).has(mark)).length;
    await until(() => missing() === 0, { what: 'all that the first had queued', timeoutMs: 60_000 });
    const warnings = second.count('is kept in memory alone');
    if (queued.length < 10 || warnings !== 1) throw new Error(`${queued.length} queued, ${warnings} warnings`);
    return {
      happened: `the second keeps its messages in memory, told once; all ${queued.length} of the first come`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

/** What containers do to each other. */
export const containerFaults: readonly Row[] = [sharedVolume];
