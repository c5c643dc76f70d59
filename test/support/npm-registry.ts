import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { sendJson, startHttpServer, type HttpServer } from './http-server.ts';
import { tarOf } from './tar.ts';

/** A package of a registry: the texts of its files, besides its package.json. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A registry of npm packages on loopback. */
export interface NpmRegistry extends HttpServer {
  /** What a process needs in its environment to install from here alone, with a cache of its own. */
  readonly env: NodeJS.ProcessEnv;
}

const packed = async ({ name, version, files, dependencies = {} }: PublishedPackage) => {
  const manifest = { name, version, type: 'module', main: 'index.js', dependencies };
  const texts = { 'package.json': JSON.stringify(manifest), ...files };
  const tar = await tarOf(...Object.entries(texts).map(([path, text]) => ({ name: `package/${path}`, text })));
  return { manifest, tarball: gzipSync(tar) };
};

const fileOf = (name: string, version: string): string => `/${name}/-/${version}.tgz`;

/** Environment of a process that installs from a registry, and keeps nothing outside a folder. */
export const registryEnv = (origin: string, cache: string): NodeJS.ProcessEnv => ({
  npm_config_registry: origin,
  npm_config_cache: cache,
  npm_config_fetch_retries: '0',
  npm_config_update_notifier: 'false',
});

/**
 * Starts a registry with these packages.
 *
 * @param isSilent Whether a request for a path gets no answer. @defaultValue each gets one
 */
export const startNpmRegistry = async (
  cache: string,
  packages: readonly PublishedPackage[],
  isSilent: (path: string) => boolean = () => false,
): Promise<NpmRegistry> => {
  const all = await Promise.all(packages.map(packed));
  const server = await startHttpServer(({ url, headers }, response) => {
    const path = decodeURIComponent(url);
    if (isSilent(path)) return;
    const tarball = all.find(({ manifest: { name, version } }) => path === fileOf(name, version))?.tarball;
    if (tarball) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball);
    const versions = all.filter(({ manifest }) => path === `/${manifest.name}`);
    if (versions.length === 0) return sendJson(response, { error: 'not found' }, 404);
    const documents = versions.map(({ manifest, tarball: bytes }) => ({
      ...manifest,
      dist: {
        tarball: `http://${headers.host}${fileOf(manifest.name, manifest.version)}`,
        integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      },
    }));
    const latest = documents.at(-1);
    return sendJson(response, {
      name: latest?.name,
      'dist-tags': { latest: latest?.version },
      versions: Object.fromEntries(documents.map((document) => [document.version, document])),
    });
  });
  return { ...server, env: registryEnv(server.origin, cache) };
};
