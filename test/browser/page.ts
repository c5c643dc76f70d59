import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'rolldown';
import { onTestFinished } from 'vitest';
import type * as Pepeunit from '../../app/browser.ts';
import { openContext } from './context.ts';
import { recordShown } from '../support/canary/record.ts';
import { startHttpServer, type HttpServer } from '../support/http-server.ts';

declare global {
  /** In a page: all that the package exports to it. */
  var pepeunit: typeof Pepeunit;
}

const root = resolve(import.meta.dirname, '../..');
const entry = 'pepeunit.js';

const html = `<!doctype html>
<title>A unit</title>
<script type="module">
  import * as pepeunit from './${entry}';
  globalThis.pepeunit = pepeunit;
</script>
`;

/** Bundles the built entry for pages with all that it depends on. @returns The files by their names. */
const bundle = async (): Promise<ReadonlyMap<string, string>> => {
  const { output } = await build({
    input: join(root, 'dist/app/browser.js'),
    platform: 'browser',
    write: false,
    // Which modules are loaded later is the package's to say.
    checks: { ineffectiveDynamicImport: false },
    output: { format: 'esm', entryFileNames: entry, chunkFileNames: '[name].js' },
  });
  return new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code]] : [])));
};

/** Serves the page on loopback. @param port @defaultValue a free one */
const serve = async (port?: number): Promise<HttpServer> => {
  const files = await bundle();
  return startHttpServer(({ url }, response) => {
    const code = files.get(url.slice(1));
    if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    else if (code === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/javascript' }).end(code);
  }, port);
};

/** A page that has loaded the package. */
export interface PackagePage {
  readonly page: Page;
  /** Its browser profile: other pages of it share the storage of this one. */
  readonly context: BrowserContext;
  /** Errors that nothing in the page has caught, so far. */
  readonly uncaught: readonly Error[];
}

/** Waits until a page has loaded the package, such as after a reload. */
export const untilLoaded = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => 'pepeunit' in globalThis);
};

/** Opens a page with the package in a profile of its own; all of it is gone after the test. The package has to be built. */
export const openPage = async (browser: Browser): Promise<PackagePage> => {
  const server = await serve();
  onTestFinished(() => server.stop());
  const context = await openContext(browser);
  const page = await context.newPage();
  const uncaught: Error[] = [];
  page.on('pageerror', (error) => uncaught.push(error));
  page.on('console', (message) => recordShown('console', message.text()));
  await page.goto(server.origin);
  await untilLoaded(page);
  return { page, context, uncaught };
};
