import { describe, expect, test } from 'vitest';
import { nextEvent, pollUntil, limitedSignal } from '../../../app/demo/waiting.ts';
import { createEventHub, type Events } from '../../../app/instance/model/events.ts';

describe('until', () => {
  test('follows other signals, and ends when disposed of', () => {
    const other = new AbortController();
    const first = limitedSignal([other.signal], undefined, '');
    const second = limitedSignal([other.signal], undefined, '');
    second[Symbol.dispose]();
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
    other.abort(new Error('enough'));
    expect(first.signal.reason).toEqual(new Error('enough'));
    expect(limitedSignal([other.signal], undefined, '').signal.reason).toEqual(new Error('enough'));
  });

  test('ends after its time', async () => {
    const { signal } = limitedSignal([], 1, 'late');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toEqual(new Error('late'));
  });
});

describe('waiting', () => {
  test('hears the event that is wanted, or why not', async () => {
    const source = createEventHub();
    let listening = 0;
    const events: Events = {
      subscribe: source.subscribe,
      on: (type, listener) => {
        const end = source.on(type, listener);
        listening += 1;
        return () => {
          listening -= 1;
          end();
        };
      },
    };
    const stop = new AbortController();
    const wait = () => nextEvent(events, 'delivered', ({ topic }) => topic === 'b', stop.signal);
    const found = wait();
    source.emit({ type: 'delivered', unit: 'u', topic: 'a' });
    source.emit({ type: 'delivered', unit: 'u', topic: 'b' });
    expect(await found).toMatchObject({ topic: 'b' });
    expect(listening).toBe(0);

    const missed = wait();
    stop.abort(new Error('enough'));
    await expect(missed).rejects.toThrow('enough');
    await expect(wait()).rejects.toThrow('enough');
    await expect(pollUntil(async () => false, stop.signal)).rejects.toThrow('enough');
    await pollUntil(async () => true, stop.signal);
    expect(listening).toBe(0);
  });
});
