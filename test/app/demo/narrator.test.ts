import { stripVTControlCharacters } from 'node:util';
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

const story = (isTTY = false, columns?: number) => {
  let text = '';
  let now = 0;
  const output = { isTTY, ...(columns !== undefined && { columns }), write: (added: string) => (text += added) !== '' };
  const narrator = createNarrator({ output, elapsedMs: () => now });
  narrator.open({ apiUrl: 'http://api', mqttUrl: 'mqtt://broker' }, units);
  const opening = text;
  return {
    narrator,
    opening,
    at: (ms: number) => {
      now = ms;
    },
    printed: () => text.slice(opening.length).split('\n').slice(0, -1),
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
    expect(opening).toMatch(/◆.state.report +≡.log.entry/);
    expect(opening).not.toContain('\u001b');
  });

  test.each([80, 40])('breaks no word on a terminal of %i columns, and indents what goes on', (columns) => {
    const { narrator, opening, printed, at } = story(true, columns);
    at(7_200);
    const commit = 'cf562321a90f7df7a2c66fe20ba32a6cb9a053dd';
    narrator.happened(log('Info', `Update to ${commit} began, ${'which is a long way to go for a fan, '.repeat(3)}`));
    const plain = stripVTControlCharacters(opening) + stripVTControlCharacters(printed().join('\n'));
    expect(plain.split('\n').filter((line) => line.length > columns)).toEqual([]);
    const [first = '', second = ''] = printed().map(stripVTControlCharacters);
    expect(first).toMatch(/^ {3}7\.2s {2}fan {6}≡ Info: Update to/);
    expect(second).toMatch(/^ {20}\S/);
  });

  test('shortens the names of commits', () => {
    const { narrator, printed } = story();
    narrator.happened(log('Info', 'Update to cf562321a90f7df7a2c66fe20ba32a6cb9a053dd began'));
    expect(printed()).toEqual([expect.stringContaining('Update to cf56232 began')]);
  });

  test('colours on a terminal alone', () => {
    expect(story(true).opening).toContain('\u001b[1m');
  });

  test('tells who did what, and when', () => {
    const { narrator, at, printed } = story();
    at(1_234);
    narrator.happened({ type: 'connect', unit: 'fan-uuid', clientId: 'x', protocol: 4 });
    narrator.happened(log('Info', 'hello'));
    narrator.happened(log('Info', 'one', 'two'));
    narrator.happened({
      type: 'state',
      unit: 'display-uuid',
      report: { pu_commit_version: '0123456789', mem_alloc: 5_000_000 },
      outcome: 'taken',
    });
    narrator.happened({ type: 'command', unit: 'fan-uuid', command: 'LogSync', payload: {} });
    narrator.operator('does something');
    narrator.effect('it is done');
    expect(printed()).toEqual([
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
    const { narrator, printed } = story();
    narrator.happened(log('Debug', 'a detail'));
    narrator.happened(log('Info', 'a\n\u001b[2Jb'));
    expect(printed()).toEqual(['   0.0s  fan      ≡ Info: a\\n\\x1b[2Jb']);
  });

  test('shows a temperature with its duty, whichever comes first, and not too often', () => {
    const { narrator, at, printed } = story();
    narrator.happened(published('fan_duty/pepeunit', '30'));
    expect(printed()).toEqual([]);
    narrator.happened(published('temperature/pepeunit', '21.5'));
    for (const ms of [100, 899, 900]) {
      at(ms);
      narrator.happened(published('temperature/pepeunit', '22'));
      narrator.happened(published('fan_duty/pepeunit', '100'));
    }
    narrator.unitPrinted('display', '22.00 °C');
    narrator.unitPrinted('display', 'anything else');
    expect(printed()).toEqual([
      '   0.0s  fan      ~ 21.50 °C   fan ███░░░░░░░ 30 %',
      '   0.9s  fan      ~ 22.00 °C   fan ██████████ 100 %',
      '   0.9s  display  ~ shows 22.00 °C',
    ]);
  });

  test('tells of failures, and of asking for MQTT 5 as what it is', () => {
    const { narrator, printed } = story();
    narrator.happened({ type: 'refused', clientId: '', reason: 'unacceptable protocol version' });
    narrator.happened({ type: 'refused', clientId: '', reason: 'bad token' });
    narrator.happened({ type: 'subscribed', unit: 'fan-uuid', topic: 'x', qos: 0, denied: true });
    narrator.happened({ type: 'subscribed', unit: 'fan-uuid', topic: 'y', qos: 0, denied: false });
    expect(printed()).toEqual([
      '   0.0s  instance ⇄ refused MQTT 5, as it speaks 3.1.1',
      '   0.0s  instance ✘ refused a connection: bad token',
      '   0.0s  fan      ✘ may not subscribe to x',
    ]);
  });
});
