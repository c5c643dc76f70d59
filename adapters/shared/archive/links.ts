import type { ArchiveLimits } from '../../../services/firmware.ts';
import { checkText, hostileName, isClientsOwn, placeOf, type NameRules } from './entry-names.ts';
import { hostile } from './errors.ts';

/** A symbolic link of a tree. */
export interface TreeLink {
  /** `a/b/c`, relative to the tree's root. */
  readonly path: string;
  /** Where it leads, relative to its own folder. */
  readonly target: string;
}

/** Files at the root that the unit replaces or trusts: a link in their place would lead to another file's content. */
const neverLinks = new Set(['env.json', 'schema.json', 'pepeunit-release.json']);

const hostileLink = ({ path, target }: TreeLink, why: string) =>
  hostile(`the link ${JSON.stringify(path.slice(0, 200))} to ${JSON.stringify(target.slice(0, 200))} ${why}`);

/** The places that a link leads through, one after the other; the last one is where it ends. */
const placesOf = (link: TreeLink): string[] => {
  const at = link.path.split('/').slice(0, -1);
  return link.target
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => {
      if (part !== '..') at.push(part);
      else if (at.pop() === undefined) throw hostileLink(link, 'leads out of its tree');
      return at.join('/');
    });
};

const checkLink = (
  link: TreeLink,
  places: ReadonlySet<string>,
  limits: Pick<ArchiveLimits, 'pathLength'>,
  rules: NameRules,
): void => {
  const { path, target } = link;
  const place = placeOf(path, rules);
  if (neverLinks.has(place)) throw hostileName(path, 'has to be a file, and is a link');
  if (target === '') throw hostileLink(link, 'leads nowhere');
  checkText(target, limits);
  if (rules.isWindows && target.includes(':')) throw hostileLink(link, 'names a drive or a stream on Windows');
  const steps = placesOf(link).map((step) => placeOf(step, rules));
  const end = steps.at(-1) ?? placeOf(path.split('/').slice(0, -1).join('/'), rules);
  if (end === '' || place === end || place.startsWith(`${end}/`)) throw hostileLink(link, 'leads back to itself');
  if (steps.some((step) => places.has(step))) throw hostileLink(link, 'passes through another link');
  if (isClientsOwn(end)) throw hostileLink(link, 'leads to what belongs to this client');
};

/**
 * Checks all links of a tree: each leads to a place inside the tree, and through no other link. What it leads to need
 * not be there.
 *
 * @throws {FirmwareError} `hostile`, `tooLarge`
 */
export const checkLinks = (
  links: readonly TreeLink[],
  limits: Pick<ArchiveLimits, 'pathLength'>,
  rules: NameRules,
): void => {
  const places = new Set(links.map(({ path }) => placeOf(path, rules)));
  for (const link of links) checkLink(link, places, limits, rules);
};
