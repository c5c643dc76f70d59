import { RestError } from '../../../services/errors.ts';
import type { TargetVersion, Unit, UnitNode, UnitNodesPage, UnitsPage } from '../../../services/rest.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { parseJson } from './body.ts';

/** The error of an unexpected answer. */
export const malformed = (what: string, wanted: string) =>
  new RestError('malformed', `${what}: the answer is not ${wanted}. Check the address of the instance.`);

export const asObject = (body: unknown, what: string): JsonObject => {
  if (!isJsonObject(body)) throw malformed(what, 'a JSON object');
  return body;
};

/** The env or schema of a unit; backends before 1.1.0 send it as a JSON string that holds the object. */
export const asDocument = (body: unknown, what: string): JsonObject =>
  asObject(typeof body === 'string' ? parseJson(body, what) : body, what);

/** Checks the list of a page and its count; every entry needs a UUID. */
const asPage = (body: unknown, list: string, what: string): { count: number; entries: unknown[] } => {
  const page = asObject(body, what);
  const [count, entries] = [page['count'], page[list]];
  const isPage =
    typeof count === 'number' &&
    Array.isArray(entries) &&
    entries.every((entry) => isJsonObject(entry) && typeof entry['uuid'] === 'string');
  if (!isPage) throw malformed(what, `a page of ${list}`);
  return { count, entries };
};

export const asTargetVersion = (body: unknown, what: string): TargetVersion => {
  const { commit, tag = null } = asObject(body, what);
  if (typeof commit !== 'string' || (tag !== null && typeof tag !== 'string')) throw malformed(what, 'a version');
  return { commit, tag };
};

/** The text of a JSON string; `null` means that nothing is stored. */
export const asText = (body: unknown, what: string): string => {
  if (body === null) return '';
  if (typeof body !== 'string') throw malformed(what, 'a JSON string');
  return body;
};

export const asNodes = (body: unknown, what: string): UnitNodesPage => {
  const { count, entries } = asPage(body, 'unit_nodes', what);
  return { count, unit_nodes: entries as UnitNode[] };
};

export const asUnits = (body: unknown, what: string): UnitsPage => {
  const { count, entries } = asPage(body, 'units', what);
  return { count, units: entries as Unit[] };
};
