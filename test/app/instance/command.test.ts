import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import {
  startInstanceCommand,
  type Printed,
  connectUnit,
  programFiles,
  createProgramFolder,
} from '../../support/instance.ts';
import { writeFiles, temporaryFolder } from '../../support/folder.ts';

const start = async (...args: string[]) => {
  const running = startInstanceCommand('--json', ...args);
  await until(() => running.lines.length > 0 || running.child.exitCode !== null);
  return { ...running, printed: JSON.parse(running.lines[0] ?? running.errors.join('\n')) as Printed };
};

const asker =
  ({ apiUrl, operatorToken }: Printed) =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { 'x-auth-token': operatorToken, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect([path, response.ok]).toEqual([path, true]);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };

interface Row {
  readonly uuid: string;
  readonly unit_nodes: readonly { readonly uuid: string; readonly topic_name: string; readonly state: string | null }[];
}

describe('pepeunit instance', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints where it is, and ends on %s with everything connected',
    async (signal) => {
      const { child, printed, ended, lines } = await start();
      expect(printed).toMatchObject({
        httpUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        apiUrl: `${printed.httpUrl}/pepeunit/api/v1`,
        mqttUrl: expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/),
        webSocketUrl: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/mqtt$/),
      });
      const ask = asker(printed);
      const unit = await ask<Row>('POST', '/units', { name: 'fan', folder: await createProgramFolder() });
      const { PU_AUTH_TOKEN: token } = await ask<{ PU_AUTH_TOKEN: string }>('GET', `/units/env/${unit.uuid}`);
      await connectUnit(printed.mqttUrl, token, { as: 'tcp' });
      await connectUnit(printed.webSocketUrl, token, { as: 'ws' });
      for (const url of [printed.httpUrl, printed.mqttUrl, printed.webSocketUrl]) {
        const idle = connect(Number(new URL(url).port), '127.0.0.1');
        idle.on('error', () => undefined);
        await new Promise((resolve) => idle.once('connect', resolve));
      }
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(lines).toHaveLength(1);
    },
  );

  it('prints for people too, with the operator token', async () => {
    const { child, ended, lines } = startInstanceCommand();
    await until(() => lines.some((line) => line.includes('Ctrl-C')));
    expect(lines.join('\n')).toMatch(/REST +http:\/\/127\.0\.0\.1:\d+\/pepeunit\/api\/v1/);
    expect(lines.join('\n')).toMatch(/ey[\w-]+\.ey[\w-]+\.[\w-]+/);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('takes the ports that it is given, and fails when one is taken', async () => {
    const { printed } = await start();
    const { port } = new URL(printed.mqttUrl);
    const second = startInstanceCommand('--mqtt-port', port);
    expect(await second.ended).not.toBe(0);
    expect(second.errors.join('\n')).toContain(`127.0.0.1:${port} can't be listened on`);
  });

  it('refuses what it does not know', async () => {
    for (const args of [
      ['--nonsense'],
      ['operand'],
      ['--http-port', 'x'],
      ['--mqtt-port', '65536'],
      ['--ws-port', '-1'],
    ]) {
      expect(await runCli(['instance', ...args])).toMatchObject({ code: 2, stdout: '' });
    }
  });

  it('keeps units, versions, edges, logs and env through SIGKILL', async () => {
    const data = await temporaryFolder();
    const first = await start('--data', data);
    const ask = asker(first.printed);
    const folder = await createProgramFolder();
    const writer = await ask<Row>('POST', '/units', { name: 'writer', folder });
    const reader = await ask<Row>('POST', '/units', { name: 'reader', folder });
    const nodeOf = (row: Row, key: string) => row.unit_nodes.find((node) => node.topic_name === key)?.uuid;
    await ask('POST', '/unit_nodes/create_unit_node_edge', {
      node_output_uuid: nodeOf(writer, 'out/pepeunit'),
      node_input_uuid: nodeOf(reader, 'set/pepeunit'),
    });
    await ask('PATCH', `/units/env/${writer.uuid}`, { SPEED: 9 });
    await ask('POST', `/units/set_state_storage/${writer.uuid}`, { state: 'remembered' });
    await writeFiles(folder, programFiles({ 'main.py': 'two' }));
    const { commit } = await ask<{ commit: string }>('POST', `/units/${writer.uuid}/versions`, { folder });
    await ask('POST', `/units/send_command_to_input_base_topic/${writer.uuid}?command=Update`);
    const env = await ask<{ PU_AUTH_TOKEN: string }>('GET', `/units/env/${writer.uuid}`);
    const schema = await ask<unknown>('GET', `/units/get_current_schema/${reader.uuid}`);
    const link = await connectUnit(first.printed.mqttUrl, env.PU_AUTH_TOKEN);
    const logTopic = `${first.printed.domain}/output_base_topic/${writer.uuid}/log/pepeunit`;
    const entry = { level: 'Info', text: 'kept', create_datetime: '2026-01-31T12:00:00.000Z' };
    await link.client.publishAsync(logTopic, JSON.stringify([entry, entry]), { qos: 1 });
    const logs = (on = ask) => on<{ count: number }>('GET', `/units/log_list/?unit_uuid=${writer.uuid}`);
    await until(async () => (await logs()).count === 2);
    const before = await logs();

    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await start('--data', data);
    expect(second.printed).toEqual(first.printed);
    const again = asker(second.printed);
    expect(await again('GET', `/units/env/${writer.uuid}`)).toEqual(env);
    expect(env).toMatchObject({ SPEED: 9, PU_COMMIT_VERSION: commit });
    expect(await again('GET', `/units/get_current_schema/${reader.uuid}`)).toEqual(schema);
    expect(await again('GET', `/units/get_state_storage/${writer.uuid}`)).toBe('remembered');
    expect(await logs(again)).toEqual(before);
    expect(await again('GET', `/units/${writer.uuid}`)).toMatchObject({ firmware_update_status: 'RequestSent' });
    const archive = await fetch(`${second.printed.apiUrl}/units/firmware/tar/${writer.uuid}`, {
      headers: { 'x-auth-token': env.PU_AUTH_TOKEN },
    });
    expect(await archive.text()).toContain('two');
    const rejoined = await connectUnit(second.printed.mqttUrl, env.PU_AUTH_TOKEN);
    expect(rejoined.isOpen()).toBe(true);
  });

  it('never loses a variable that it has said is set, however often it is killed', async () => {
    const data = await temporaryFolder();
    let unit: Row | undefined;
    let confirmed = 0;
    for (let kill = 0; kill < 5; kill += 1) {
      const { child, printed, ended } = await start('--data', data);
      const ask = asker(printed);
      unit ??= await ask<Row>('POST', '/units', { name: 'fan', folder: await createProgramFolder() });
      const path = `/units/env/${unit.uuid}`;
      const { SPEED } = await ask<{ SPEED: number }>('GET', path);
      expect(SPEED).toBeGreaterThanOrEqual(confirmed);
      const write = async () => {
        for (let speed = SPEED + 1; child.exitCode === null; speed += 1) {
          await ask('PATCH', path, { SPEED: speed });
          confirmed = speed;
          if (speed === SPEED + 2) setTimeout(() => child.kill('SIGKILL'), Math.random() * 80);
        }
      };
      await expect(write()).rejects.toThrow(/fetch failed|terminated|closed/);
      expect(await ended).toBe('SIGKILL');
    }
    expect(confirmed).toBeGreaterThan(5);
  });
});
