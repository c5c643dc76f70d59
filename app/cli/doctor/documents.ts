import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { isThere } from '../if-there.ts';
import { failed, failedBy, ok, skipped, type Outcome } from './finding.ts';
import { jsonFaultOf } from './json-fault.ts';

const notJson = async (path: string, remedy: string): Promise<Outcome<never>> => {
  const fault = jsonFaultOf((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
  if (!fault) return failed(`${path} is no text in UTF-8.`, remedy);
  const { line, column, what } = fault;
  return failed(`${path} is not JSON: line ${line}, column ${column}: ${what}.`, `Correct it there, or: ${remedy}`);
};

/** Reads a document that must be there, and a JSON object. @param remedy What to do where it is not. */
export const requireDocument = async (path: string, remedy: string): Promise<Outcome<JsonObject>> => {
  try {
    const document = await readDocument(path);
    if (document === undefined) return failed(`${path} does not exist.`, remedy);
    if (isJsonObject(document)) return ok(path, document);
    return failed(`${path} is no JSON object.`, remedy);
  } catch (thrown) {
    const isMalformed = thrown instanceof StorageError && thrown.code === 'malformed';
    return isMalformed ? notJson(path, remedy) : failedBy(thrown);
  }
};

/** Reads an example beside the unit's documents; skips where there is none, as archives leave it out. */
export const findExample = async (folder: string, name: string): Promise<Outcome<JsonObject>> => {
  const path = join(folder, name);
  if (!(await isThere(path))) return skipped(`there is no ${basename(path)} to compare with`);
  return requireDocument(path, "Take it from the unit's repository again.");
};
