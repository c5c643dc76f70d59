/** Draws docs/unit.png from docs/unit.svg, as not every place that shows the README shows SVG. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { executable } from '../support/executable.ts';

const docs = join(import.meta.dirname, '../../docs');
const svg = await readFile(join(docs, 'unit.svg'), 'utf8');
const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];

const executablePath = process.env['CHROMIUM'] ?? executable('chromium');
if (executablePath === undefined) throw new Error('Chromium is not installed, and the variable CHROMIUM names none.');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({
  viewport: { width: Number(width), height: Number(height) },
  deviceScaleFactor: 2,
});
await page.setContent(`<body style="margin:0">${svg}</body>`);
await page.screenshot({ path: join(docs, 'unit.png') });
await browser.close();
