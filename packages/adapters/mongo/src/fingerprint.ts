import { hash } from 'node:crypto';
import type { Document } from 'mongodb';
import type { Link } from './link.ts';
import { RESTORING } from './structures.ts';

/** A collection or view as it is. */
export interface Structure {
  readonly name: string;
  readonly type: string;
  readonly options: Document;
  readonly indexes: readonly Document[];
}

const PLAIN = { promoteValues: true, promoteLongs: true, useBigInt64: false, raw: false } as const;

/** Everything but what belongs to the server or to Detent, by name. */
async function structuresOf({ db, books }: Link): Promise<readonly Structure[]> {
  const found = (await db.listCollections({}, PLAIN).toArray()) as unknown as readonly Document[];
  const kept = found.filter(({ name }) => isOfUser(String(name), books.own));
  const structures = await Promise.all(
    kept.map(async ({ name, type, options }) => ({
      name: String(name),
      type: String(type ?? 'collection'),
      options: (options ?? {}) as Document,
      indexes: type === 'view' ? [] : await db.collection(String(name)).listIndexes(PLAIN).toArray(),
    })),
  );
  return structures.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function isOfUser(name: string, own: readonly string[]): boolean {
  return !name.startsWith('system.') && !name.startsWith(RESTORING) && !own.includes(name);
}

/** `sha256:<hex>` of collections with their options and validators, indexes, and views. */
export async function schemaFingerprint(link: Link): Promise<string> {
  const { BSON } = await import('mongodb');
  const lines = (await link.ask(() => structuresOf(link))).map(({ name, type, options, indexes }) => {
    const plain = [
      name,
      type,
      sorted(canonicalOptions(options)),
      indexes.map(canonicalIndex).map(sorted).toSorted(byName),
    ];
    return BSON.EJSON.stringify(plain, { relaxed: true });
  });
  return `sha256:${hash('sha256', lines.join('\n'))}`;
}

/** Without what says the same as nothing does. */
function canonicalOptions({ validator, validationLevel, validationAction, ...options }: Document): Document {
  if (!isObject(validator) || Object.keys(validator).length === 0) return options;
  return {
    ...options,
    validator,
    ...(validationLevel === undefined || validationLevel === 'strict' ? {} : { validationLevel }),
    ...(validationAction === undefined || validationAction === 'error' ? {} : { validationAction }),
  };
}

/** Without what tells the age of the server that built it. */
function canonicalIndex({
  v: _v,
  ns: _ns,
  background: _background,
  hidden,
  unique,
  sparse,
  ...index
}: Document): Document {
  return {
    ...index,
    ...(hidden === true ? { hidden } : {}),
    ...(unique === true ? { unique } : {}),
    ...(sparse === true ? { sparse } : {}),
  };
}

/** The outermost names only: inside, the order of fields means something. */
function sorted(document: Document): readonly (readonly [string, unknown])[] {
  return Object.entries(document).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function byName(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}
