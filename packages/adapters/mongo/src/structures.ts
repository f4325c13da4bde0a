import type { Db } from 'mongodb';
import { orderedOf } from './raw.ts';

/** Where a restore builds what it is about to put in place. */
export const RESTORING = '__restore_';

/** A collection or view, as the bytes that the server tells of it. */
export interface RawStructure {
  readonly name: string;
  readonly type: string;
  /** Of `listCollections`, without the id that a collection made anew would not have. */
  readonly options: Uint8Array;
  readonly indexes: readonly Uint8Array[];
}

/** Everything but the server's own and what a restore left, by name. */
export async function rawStructures(db: Db): Promise<readonly RawStructure[]> {
  const found = (await db.listCollections({}, { raw: true } as object).toArray()) as unknown as readonly Uint8Array[];
  const structures = await Promise.all(
    found.map(async (bytes): Promise<RawStructure | null> => {
      const { BSON } = await import('mongodb');
      const { name, type } = BSON.deserialize(bytes) as { readonly name: string; readonly type?: string };
      if (name.startsWith('system.') || name.startsWith(RESTORING)) return null;
      const isView = type === 'view';
      const indexes = isView ? [] : await db.collection(name).listIndexes({ raw: true }).toArray();
      return {
        name,
        type: type ?? 'collection',
        options: optionsIn(bytes, BSON.onDemand.parseToElements),
        indexes: indexes as unknown as readonly Uint8Array[],
      };
    }),
  );
  return structures.filter((structure) => structure !== null).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

type Parse = (bytes: Uint8Array) => Iterable<readonly [number, number, number, number, number]>;

const EMPTY = Buffer.from([5, 0, 0, 0, 0]);

function optionsIn(bytes: Uint8Array, parse: Parse): Uint8Array {
  for (const [, nameOffset, nameLength, offset, length] of parse(bytes)) {
    const name = Buffer.from(bytes.subarray(nameOffset, nameOffset + nameLength)).toString('utf8');
    if (name === 'options') return bytes.subarray(offset, offset + length);
  }
  return EMPTY;
}

/** Makes a collection, without its indexes, or a view. */
export async function make(db: Db, name: string, { options }: Pick<RawStructure, 'options'>): Promise<void> {
  const settings = await orderedOf(options);
  settings.delete('uuid');
  await db.command({ create: name, ...Object.fromEntries(settings) });
}

export async function makeIndexes(
  db: Db,
  name: string,
  { options, indexes }: Pick<RawStructure, 'options' | 'indexes'>,
): Promise<void> {
  const isCollated = (await orderedOf(options)).has('collation');
  const made: Map<string, unknown>[] = [];
  const hidden: unknown[] = [];
  for (const bytes of indexes) {
    const index = await orderedOf(bytes);
    index.delete('ns');
    // Not every server makes one hidden.
    if (index.get('hidden') === true) hidden.push(index.get('name'));
    index.delete('hidden');
    index.set('key', askedKey(index));
    // Without a word of it an index is made with the collation of its collection, and listed with it.
    if (isCollated && !index.has('collation')) index.set('collation', { locale: 'simple' });
    if (index.get('name') !== '_id_' && index.get('clustered') !== true) made.push(index);
  }
  if (made.length > 0) await db.command({ createIndexes: name, indexes: made });
  for (const index of hidden) await db.command({ collMod: name, index: { name: index, hidden: true } });
}

/** A server lists an index of texts with a key of its own making; what was asked for is in its weights. */
function askedKey(index: ReadonlyMap<string, unknown>): unknown {
  const [key, weights] = [index.get('key'), index.get('weights')];
  if (!(key instanceof Map) || !(weights instanceof Map) || key.get('_fts') !== 'text') return key;
  const fields = [...key].flatMap(([name, value]: readonly [unknown, unknown]) => {
    if (name === '_ftsx') return [];
    return name === '_fts'
      ? [...weights.keys()].map((field: unknown) => [field, 'text'] as const)
      : [[name, value] as const];
  });
  return new Map(fields);
}
