import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError } from '@detent/core';
import type { Holder } from './holder.ts';
import { SURE, type Link } from './link.ts';

/** How long what was told to end is waited for. */
const ENDING_MS = 30_000;

interface Operation {
  readonly opid: unknown;
  readonly active: boolean;
}

/**
 * What the server still does for a holder: it goes on executing for a client that is dead. `null` where the server does
 * not say, or not to this user.
 */
async function operationsOf({ client }: Link, { appName }: Holder): Promise<readonly Operation[] | null> {
  if (appName === null) return null;
  const admin = client.db('admin', SURE);
  for (const allUsers of [true, false]) {
    try {
      const found = await admin
        .aggregate([{ $currentOp: { allUsers, idleSessions: true } }, { $match: { appName } }])
        .toArray();
      // What it keeps open to hear of changes of the deployment is no work.
      const work = found.filter(({ command }) => !isWatching(command));
      return work.map(({ opid, active }) => ({ opid, active: active === true }));
    } catch {
      // Without the privilege `inprog` a user sees its own operations; other servers have no such stage at all.
    }
  }
  return null;
}

function isWatching(command: unknown): boolean {
  return typeof command === 'object' && command !== null && ('hello' in command || 'isMaster' in command);
}

/** Whether the server still executes something for it. */
export async function isWorking(link: Link, holder: Holder): Promise<boolean> {
  return (await operationsOf(link, holder))?.some(({ active }) => active) ?? false;
}

/** Ends the transaction that a dead holder left open, which the server would keep for a minute. */
export async function endTransaction({ db }: Link, { lsid }: Holder): Promise<void> {
  if (lsid === null) return;
  const { Binary } = await import('mongodb');
  const id = new Binary(Buffer.from(lsid, 'hex'), Binary.SUBTYPE_UUID);
  // Another user's session is not this one's to end; then it ends by itself.
  await db.command({ killSessions: [{ id }] }).catch(() => undefined);
}

/** Ends everything that the server does for it, and waits until that is gone. Throws `LOCK_HELD`. */
export async function endWork(link: Link, holder: Holder): Promise<void> {
  const { client } = link;
  for (const end = Date.now() + ENDING_MS; Date.now() < end; await sleep(50)) {
    await endTransaction(link, holder);
    const active = (await operationsOf(link, holder))?.filter((operation) => operation.active) ?? [];
    if (active.length === 0) return;
    for (const { opid } of active)
      await client
        .db('admin')
        .command({ killOp: 1, op: opid })
        .catch(() => undefined);
  }
  throw new DetentError('LOCK_HELD', "The holder's operation in the server does not end.", {
    hint: 'Look at db.currentOp() for it, or ask the administrator of the server.',
  });
}
