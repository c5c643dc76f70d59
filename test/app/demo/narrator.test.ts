import { describe, expect, test } from 'vitest';
import type { DemoUnits, DemoUnit } from '../../../app/demo/context.ts';
import { createNarrator } from '../../../app/demo/narrator.ts';
import type { InstanceEvent } from '../../../app/instance/index.ts';
import type { Unit } from '../../../services/rest.ts';

const unit = (name: string): DemoUnit => ({
  name,
  role: `is the ${name}`,
  uuid: `${name}-uuid`,
  folder: '',
  unit: {} as Unit,
});
const units: DemoUnits = { fan: unit('fan'), display: unit('display') };

const story = (isTTY = false) => {
  let text = '';
  let now = 0;
  const output = { isTTY, write: (added: string) => (text += added) !== '' };
  const narrator = createNarrator({ output, elapsedMs: () => now });
  narrator.open({ apiUrl: 'http://api', mqttUrl: 'mqtt://broker' }, units);
  const opening = text;
  return {
    narrator,
    opening,
    at: (ms: number) => {
      now = ms;
    },
    told: () => text.slice(opening.length).split('\n').slice(0, -1),
  };
};

const published = (key: string, text: string): InstanceEvent => ({
  type: 'published',
  unit: 'fan-uuid',
  topic: 't',
  key,
  payload: Buffer.from(text),
  qos: 0,
  denied: false,
});

const log = (level: 'Info' | 'Debug', ...texts: string[]): InstanceEvent => ({
  type: 'log',
  unit: 'fan-uuid',
  entries: texts.map((text) => ({ uuid: 'e', level, text, create_datetime: '' })),
  invalid: 0,
});

describe('the narrator', () => {
  test('introduces the instance, the units and the signs', () => {
    const { opening } = story();
    expect(opening).toContain('REST http://api, MQTT mqtt://broker');
    expect(opening).toContain('is the display (unit display-uuid)');
    expect(opening).toMatch(/◆ state report +≡ log entry/);
    expect(opening).not.toContain('\u001b');
  });

  test('colours on a terminal alone', () => {
    expect(story(true).opening).toContain('\u001b[1m');
  });

  test('tells who did what, and when', () => {
    const { narrator, at, told } = story();
    at(1_234);
    narrator.hear({ type: 'connect', unit: 'fan-uuid', clientId: 'x', protocol: 4 });
    narrator.hear(log('Info', 'hello'));
    narrator.hear(log('Info', 'one', 'two'));
    narrator.hear({
      type: 'state',
      unit: 'display-uuid',
      report: { pu_commit_version: '0123456789', mem_alloc: 5_000_000 },
      outcome: 'taken',
    });
    narrator.hear({ type: 'command', unit: 'fan-uuid', command: 'LogSync', payload: {} });
    narrator.operator('does something');
    narrator.effect('it is done');
    expect(told()).toEqual([
      '   1.2s  fan      ⇄ connected, MQTT 3.1.1',
      '   1.2s  fan      ≡ Info: hello',
      '   1.2s  fan      ≡ 2 stored entries at once',
      '   1.2s  display  ◆ version 0123456, memory 5 MB',
      '   1.2s  instance ▶ sends LogSync to the fan',
      '   1.2s  operator ▶ does something',
      '   1.2s           ✔ it is done',
    ]);
  });

  test('leaves out details, and keeps every entry on one harmless line', () => {
    const { narrator, told } = story();
    narrator.hear(log('Debug', 'a detail'));
    narrator.hear(log('Info', 'a\n\u001b[2Jb'));
    expect(told()).toEqual(['   0.0s  fan      ≡ Info: a\\n\\x1b[2Jb']);
  });

  test('shows a temperature with its duty, whichever comes first, and not too often', () => {
    const { narrator, at, told } = story();
    narrator.hear(published('fan_duty/pepeunit', '30'));
    expect(told()).toEqual([]);
    narrator.hear(published('temperature/pepeunit', '21.5'));
    for (const ms of [100, 899, 900]) {
      at(ms);
      narrator.hear(published('temperature/pepeunit', '22'));
      narrator.hear(published('fan_duty/pepeunit', '100'));
    }
    narrator.overhear('display', '22.00 °C');
    narrator.overhear('display', 'anything else');
    expect(told()).toEqual([
      '   0.0s  fan      ~ 21.50 °C   fan ███░░░░░░░ 30 %',
      '   0.9s  fan      ~ 22.00 °C   fan ██████████ 100 %',
      '   0.9s  display  ~ shows 22.00 °C',
    ]);
  });

  test('tells of failures, and of asking for MQTT 5 as what it is', () => {
    const { narrator, told } = story();
    narrator.hear({ type: 'refused', clientId: '', reason: 'unacceptable protocol version' });
    narrator.hear({ type: 'refused', clientId: '', reason: 'bad token' });
    narrator.hear({ type: 'subscribed', unit: 'fan-uuid', topic: 'x', qos: 0, denied: true });
    narrator.hear({ type: 'subscribed', unit: 'fan-uuid', topic: 'y', qos: 0, denied: false });
    expect(told()).toEqual([
      '   0.0s  instance ⇄ was asked for MQTT 5 and speaks 3.1.1',
      '   0.0s  instance ✘ refused a connection: bad token',
      '   0.0s  fan      ✘ may not subscribe to x',
    ]);
  });
});
