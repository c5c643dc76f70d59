import type { ServerResponse } from 'node:http';
import { sendJson, startHttpServer } from '../http-server.ts';
import { publishedVersions, type PublishedPackage } from './published.ts';

/** A registry of npm on loopback, for tests that install the package as its users do, without a network. */
export interface NpmRegistry {
  readonly origin: string;
  stop(): Promise<void>;
}

const tarballPath = (name: string, version: string): string => `${name}/-/${version}.tgz`;

/** What a registry says of a package: each version's package.json, and where its tarball is. */
const packument = (origin: string, name: string, versions: readonly PublishedPackage[]) => ({
  name,
  'dist-tags': { latest: versions[0]?.manifest.version },
  versions: Object.fromEntries(
    versions.map(({ manifest, integrity }) => [
      manifest.version,
      { ...manifest, dist: { tarball: `${origin}/${tarballPath(name, manifest.version)}`, integrity } },
    ]),
  ),
});

const answer = async (origin: string, path: string, response: ServerResponse): Promise<void> => {
  const [name = '', file] = path.split('/-/');
  const versions = await publishedVersions(name);
  const wanted = versions.find(({ manifest }) => tarballPath(name, manifest.version) === path);
  if (wanted !== undefined) response.end(wanted.tarball);
  else if (file === undefined && versions.length > 0) sendJson(response, packument(origin, name, versions));
  else sendJson(response, { error: 'Not found' }, 404);
};

/** Starts a registry that has this package as it is packed, and of others the versions that are installed here. */
export const startNpmRegistry = async (): Promise<NpmRegistry> => {
  const server = await startHttpServer(({ url }, response) => {
    void answer(server.origin, decodeURIComponent(url.slice(1)), response);
  });
  return { origin: server.origin, stop: () => server.stop() };
};
