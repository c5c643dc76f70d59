import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { StateConfig } from '../../../app/diagram/config.ts';
import { chartOf } from '../../../app/diagram/chart.ts';
import { ownMachines } from '../../../app/diagram/own.ts';
import { runCli } from '../../support/cli.ts';

const charts = resolve(import.meta.dirname, '../../../docs/charts');

describe('pepeunit diagram', () => {
  test.each([
    ['svg', 'mqtt'],
    ['json', 'unit'],
    ['ts', 'update'],
  ])('prints the chart as %s, as the documents have it', async (format, name) => {
    const result = await runCli(['diagram', name, '--format', format]);
    expect(result).toEqual({ code: 0, stdout: await readFile(`${charts}/${name}.${format}`, 'utf8'), stderr: '' });
  });

  test('draws without a format', async () => {
    const { code, stdout } = await runCli(['diagram', 'wifi']);
    expect(code).toBe(0);
    expect(stdout).toBe(await readFile(`${charts}/wifi.svg`, 'utf8'));
  });

  test('prints JSON from which XState makes the machine again', async () => {
    const { stdout } = await runCli(['diagram', 'time', '--format', 'json']);
    const { id, states } = createMachine(JSON.parse(stdout) as object).config;
    expect(id).toBe('time');
    expect(Object.keys(states ?? {})).toContain('synced');
  });

  test('prints Mermaid with every state and line', async () => {
    const { code, stdout } = await runCli(['diagram', 'mqtt', '--format', 'mermaid']);
    expect(code).toBe(0);
    const [mqtt] = ownMachines.filter(({ id }) => id === 'mqtt');
    const { edges } = chartOf(mqtt?.config as StateConfig);
    const lines = stdout.split('\n').map((line) => line.trim());
    for (const { from, to } of edges) {
      const start = `${from.replaceAll('.', '_')} --> ${to.replaceAll('.', '_')} : `;
      expect(lines.filter((line) => line.startsWith(start))).toHaveLength(1);
    }
    expect(lines).toContain('state "connecting" as linked_connecting');
    expect(lines).toContain('linked_connecting --> waiting_late : link.refused [isRefusal]');
  });

  test('says which machines there are', async () => {
    const { code, stdout, stderr } = await runCli(['diagram', 'broker']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('There is no machine "broker"');
    for (const { id } of ownMachines) expect(stderr).toContain(id);
  });

  test('says which formats there are', async () => {
    const { code, stderr } = await runCli(['diagram', 'mqtt', '--format', 'png']);
    expect(code).toBe(2);
    expect(stderr).toContain('--format takes svg, mermaid, json, ts, not "png".');
  });
});
