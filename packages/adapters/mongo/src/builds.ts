import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.ts';

const UNFINISHED = { state: { $in: ['running', 'rolling_back', 'failed'] }, intent: { $ne: null } };

/**
 * Waits for the indexes that are being built where a run died in the middle of a step: a server goes on building for a
 * client that is gone, and lists an index before it can tell whether it will come to be.
 */
export async function awaitIndexBuilds(link: Link): Promise<void> {
  if ((await link.books.history.findOne(UNFINISHED)) === null) return;
  for (let isTold = false; ; await sleep(500)) {
    const name = await beingBuilt(link);
    if (name === null) return;
    if (!isTold)
      link.logger.warn(`An index of ${name} is still being built; what the last run left is looked at then.`);
    isTold = true;
  }
}

/** The collection of one of them; `null` for none, or where the server does not say, or not to this user. */
async function beingBuilt({ db }: Link): Promise<string | null> {
  const collections = await db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray();
  for (const { name } of collections.filter((each) => !each.name.startsWith('system.'))) {
    try {
      const pipeline = [{ $indexStats: {} }, { $match: { building: true } }];
      if ((await db.collection(name).aggregate(pipeline).toArray()).length > 0) return name;
    } catch {
      return null;
    }
  }
  return null;
}
