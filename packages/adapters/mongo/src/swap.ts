import { CODE, failureOf } from './errors.ts';
import type { Link } from './link.ts';
import type { Manifest } from '@detent/core';
import { make, RESTORING, type RawStructure } from './structures.ts';

/** The document that says that a restore is being put in place. Beside the lock, which no backup has. */
const SWAP_ID = 'restore';

interface Swap {
  readonly names: readonly string[];
  readonly views: readonly RawStructure[];
  readonly manifest: Manifest;
}

/** From here on the restore is finished, by this run or by the next. */
export async function planSwap({ books }: Link, { names, views, manifest }: Swap): Promise<void> {
  const { history, event } = books;
  const last = [event.collectionName, history.collectionName];
  const order = [...names.filter((name) => !last.includes(name)), ...last];
  const plain = views.map(({ name, type, options }) => ({
    name,
    type,
    options: Buffer.from(options).toString('base64'),
  }));
  await books.lock.replaceOne(
    { _id: SWAP_ID },
    { _id: SWAP_ID, names: order, views: plain, path: manifest.path },
    { upsert: true },
  );
}

/**
 * Puts every collection that was made beside in the place of its predecessor, takes away what the backup does not have, and
 * makes the views. The history comes last, so that until then it says that a restore is under way. Gives whether there
 * was anything to do.
 */
export async function finishSwap({ client, db, books, logger, undone }: Link): Promise<boolean> {
  const plan = await books.lock.findOne({ _id: SWAP_ID });
  if (plan === null) return false;
  const names = plan['names'] as readonly string[];
  const views = plan['views'] as readonly { readonly name: string; readonly type: string; readonly options: string }[];
  const history = [books.event.collectionName, books.history.collectionName];
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  for (const { name, type } of found) {
    const isKept = names.includes(name) || name.startsWith('system.') || name.startsWith(RESTORING);
    // A view is made again in any case: it may have stood for something else.
    if (type === 'view' || (!isKept && name !== books.lock.collectionName)) await db.collection(name).drop();
  }
  const move = async (name: string): Promise<void> => {
    const { databaseName } = db;
    const to = `${databaseName}.${name}`;
    try {
      await client
        .db('admin')
        .command({ renameCollection: `${databaseName}.${RESTORING}${name}`, to, dropTarget: true });
    } catch (error) {
      // It was put in place before the run died that began to.
      if (failureOf(error)?.code !== CODE.namespaceNotFound) throw error;
    }
  };
  for (const name of names.filter((each) => !history.includes(each))) await move(name);
  for (const { name, options } of views) {
    await make(db, name, { options: Buffer.from(options, 'base64') });
  }
  for (const name of history) await move(name);
  undone.tell();
  await books.lock.deleteOne({ _id: SWAP_ID });
  logger.debug(`The restore of ${String(plan['path'])} is in place.`);
  return true;
}
