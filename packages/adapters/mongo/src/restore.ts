import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import type { Db } from 'mongodb';
import { DetentError, type HistoryStore, type Manifest, type ObjectSum } from '@detent/core';
import { contentHash, readSections } from '@detent/core/backup';
import { FORMAT, type SectionHeader } from './dump.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { historyReader } from './history.ts';
import { createHistory } from './history-writer.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { rawDocuments, type RawDocuments } from './raw.ts';
import { make, makeIndexes, RESTORING, type RawStructure } from './structures.ts';
import { sumOf } from './sums.ts';
import { finishSwap, planSwap } from './swap.ts';
import type { RunTransaction } from './transaction.ts';

const gunzip = promisify(gunzipWithCallback);
/** In one message, which may have 48 MB. */
const MESSAGE = 8 << 20;
const MOST = 10_000;

export interface RestoreSettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly transaction: RunTransaction;
  /** Called before anything is put in place. */
  readonly whenReady: () => Promise<void>;
}

/**
 * Everything is made beside what is there, with the history written into it and compared with the manifest. Then a document
 * says that it is put in place, and each collection replaces its predecessor; whoever finds that document finishes.
 */
export async function restoreAside(
  { link, lock, transaction, whenReady }: RestoreSettings,
  manifest: Manifest,
  record: (history: HistoryStore) => Promise<void>,
): Promise<void> {
  const { db, books, version } = link;
  const bulk = await link.bulk();
  const fence = async (): Promise<void> => {
    const token = lock.heldToken();
    link.check();
    if (token !== null && (await lock.token()) !== token)
      throw new DetentError('LOCK_LOST', 'The lock is not held by this run any more.', { facts: { token } });
  };
  await fence();
  await dropScratch(link);
  const views: RawStructure[] = [];
  const names: string[] = [];
  const sums: ObjectSum[] = [];
  for await (const { header, pieces } of readSections(manifest.path, FORMAT)) {
    const structure = structureOf(header as unknown as SectionHeader);
    const { name } = structure;
    if (structure.type === 'view') {
      views.push(structure);
      continue;
    }
    await fence();
    await make(db, RESTORING + name, structure);
    await load(bulk, { name: RESTORING + name, version, packed: header['gzip'] === true }, pieces);
    // Built from what is there faster than kept up with what comes.
    await makeIndexes(db, RESTORING + name, structure);
    names.push(name);
    if (!books.own.includes(name)) sums.push(await sumOf(bulk, RESTORING + name, name));
  }
  if (contentHash(sums) !== contentHash(manifest.objects))
    throw new Error('what was read from the backup is not what its manifest says');
  for (const { collectionName } of [books.history, books.event])
    if (!names.includes(collectionName)) {
      await db.createCollection(RESTORING + collectionName);
      names.push(collectionName);
    }
  const beside = aside(link);
  await record({ ...historyReader(beside), ...createHistory(beside, lock, transaction) });
  await fence();
  await whenReady();
  await planSwap(link, { names, views, manifest });
  await finishSwap(link);
  if ((await schemaFingerprint(link)) !== manifest.fingerprint)
    throw new Error('the restored schema is not the one in the manifest');
}

/** The same link with the history that is being restored for its own. */
function aside(link: Link): Link {
  const { db, books } = link;
  const history = db.collection(RESTORING + books.history.collectionName, PLAIN);
  const event = db.collection(RESTORING + books.event.collectionName, PLAIN);
  return Object.create(link, { books: { value: { ...books, history, event } } }) as Link;
}

const PLAIN = {
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  raw: false,
  ignoreUndefined: true,
} as const;

async function dropScratch({ db }: Link): Promise<void> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  for (const { name } of found) if (name.startsWith(RESTORING)) await db.collection(name).drop();
}

function structureOf({ name, type, options, indexes }: SectionHeader): RawStructure {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  return { name, type, options: bytes(options), indexes: indexes.map(bytes) };
}

async function load(
  db: Db,
  { name, version, packed }: { readonly name: string; readonly version: string; readonly packed: boolean },
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  const sequence = await rawDocuments();
  if (sequence === null) throw new Error('this version of the driver cannot send documents as bytes');
  // Since then the server can be told to leave a timestamp of zero alone, which it otherwise takes for a wish.
  const exact = Number.parseInt(version, 10) >= 8 ? { bypassEmptyTsReplacement: true } : {};
  let held: RawDocuments = sequence('documents');
  let [count, size] = [0, 0];
  const send = async (): Promise<void> => {
    if (count === 0) return;
    const writeConcern = { w: 'majority' };
    // A command of one's own gets nothing of what the client is set to.
    const command = {
      insert: name,
      documents: held,
      ordered: true,
      bypassDocumentValidation: true,
      writeConcern,
      ...exact,
    };
    const answer = await db.command(command);
    const [flaw] = (answer['writeErrors'] ?? []) as readonly { readonly errmsg: string }[];
    if (flaw !== undefined) throw new Error(flaw.errmsg);
    held = sequence('documents');
    [count, size] = [0, 0];
  };
  for await (const piece of pieces) {
    const bytes = packed ? await gunzip(piece) : piece;
    for (let at = 0; at < bytes.length;) {
      const document = bytes.subarray(at, at + bytes.readInt32LE(at));
      held.push({}, document);
      count += 1;
      size += document.length;
      at += document.length;
      if (size >= MESSAGE || count >= MOST) await send();
    }
    await send();
  }
}
