import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError } from '@detent/core';
import type { Document } from 'mongodb';
import { CODE, failureOf } from './errors.ts';
import { SURE, type Link } from './link.ts';

const UNFINISHED = { state: { $in: ['running', 'rolling_back', 'failed'] }, intent: { $ne: null } };
const EVERY_MS = 500;
/** Percent, from one line to the next. */
const STEP = 10;

/** An index that is listed, and not ready. */
export interface Build {
  readonly collection: string;
  readonly index: string;
}

/**
 * Waits for the indexes that are being built where a run died in the middle of a step: a server goes on building for a
 * client that is gone, and after an election for nobody at all, and lists an index before it can tell whether it will come
 * to be. Throws `LOCK_TIMEOUT` when that takes longer than a statement may, and what `signal` says.
 */
export async function awaitIndexBuilds(link: Link, signal: AbortSignal | undefined): Promise<void> {
  if ((await link.books.history.findOne(UNFINISHED)) === null) return;
  const limitMs = link.options.statementTimeoutMs;
  const begunAt = Date.now();
  let told = -Infinity;
  for (;;) {
    const build = await unfinishedBuild(link);
    if (build === null) return;
    link.mayWrite();
    if (limitMs > 0 && Date.now() - begunAt >= limitMs) throw tooLong(build, limitMs);
    const percent = percentOf(await operationsOn(link, build), build);
    const now = percent ?? Math.max(told, 0);
    if (told < 0) link.logger.warn(beginning(build, percent));
    else if (now >= told + STEP) link.logger.info(`${named(build)}: ${now} %.`);
    if (now >= told + STEP) told = now;
    await sleep(EVERY_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** `null` for none, and where this user may not see. */
async function unfinishedBuild({ db }: Link): Promise<Build | null> {
  const collections = await db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray();
  for (const { name } of collections.filter((each) => !each.name.startsWith('system.'))) {
    try {
      const answer = await db.command({ listIndexes: name, includeBuildUUIDs: true, cursor: { batchSize: 1_000 } });
      const index = unreadyIn((answer['cursor'] as Document)['firstBatch'] as readonly Document[]);
      if (index !== null) return { collection: name, index };
    } catch (error) {
      const { code } = failureOf(error) ?? { code: null };
      if (code === null) throw error;
      if (code !== CODE.namespaceNotFound) return null;
    }
  }
  return null;
}

/** The name of the first that is being built. Such a one comes with the id of its build, and what it is to be inside. */
export function unreadyIn(indexes: readonly Document[]): string | null {
  const building = indexes.find((index) => 'buildUUID' in index);
  return building === undefined
    ? null
    : String((building['spec'] as Document | undefined)?.['name'] ?? building['name']);
}

/** What the server says that it does about it; nothing where this user may not ask. */
async function operationsOn({ client }: Link, { collection }: Build): Promise<readonly Document[]> {
  try {
    const pipeline = [{ $currentOp: { allUsers: true } }, { $match: { 'command.createIndexes': collection } }];
    return await client.db('admin', SURE).aggregate(pipeline).toArray();
  } catch {
    return [];
  }
}

/**
 * How far it is. Of a build there are two operations: the client's, as long as that is there, which only waits, and the
 * server's own, which counts. `null` where nothing says.
 */
export function percentOf(operations: readonly Document[], { index }: Build): number | null {
  for (const { command, progress } of operations as readonly { command?: Document; progress?: Document }[]) {
    const indexes = (command?.['indexes'] ?? []) as readonly Document[];
    const [done, total] = [Number(progress?.['done']), Number(progress?.['total'])];
    if (total > 0 && indexes.some(({ name }) => name === index)) return Math.min(100, Math.floor((100 * done) / total));
  }
  return null;
}

function named({ index, collection }: Build): string {
  return `The index ${index} of ${collection}`;
}

function beginning(build: Build, percent: number | null): string {
  const far = percent === null ? '' : ` (${percent} %)`;
  return `${named(build)} is still being built${far}, for a run that is gone; what that left is looked at afterwards.`;
}

function tooLong(build: Build, limitMs: number): DetentError {
  const { collection, index } = build;
  return new DetentError('LOCK_TIMEOUT', `${named(build)} is still being built after ${limitMs} ms.`, {
    hint: `Start again when it is done, or give it up with db.getCollection('${collection}').dropIndex('${index}').`,
    facts: { collection, index },
  });
}
