import type { LockHolder, LockOwner } from '@detent/core';
import type { Document } from 'mongodb';
import { LOCK_ID, type Book, type Books } from './books.ts';
import { LEASE_ID, LEASE_MS } from './lease.ts';

/** The lock as it is, by one question. */
export interface LockState {
  readonly token: number;
  /** `null` when it is free. */
  readonly holder: Holder | null;
}

export interface Holder extends LockHolder {
  readonly processKey: string | null;
  /** How the server knows its connections, and the session of its transactions in hex. */
  readonly appName: string | null;
  readonly lsid: string | null;
  /** Its lease is over by the server's clock. */
  readonly expired: boolean;
}

/** `null` where nobody ever took the lock. */
export async function readLock({ lock }: Books): Promise<LockState | null> {
  const found = await lock
    .aggregate([{ $match: { _id: { $in: [LOCK_ID, LEASE_ID] } } }, { $addFields: { now: '$$NOW' } }])
    .toArray();
  const row = found.find(({ _id: id }) => id === LOCK_ID);
  if (row === undefined) return null;
  const token = Number(row['token'] ?? 0);
  const runId: unknown = row['run_id'];
  if (typeof runId !== 'string') return { token, holder: null };
  const lease = found.find(({ _id: id }) => id === LEASE_ID);
  const renewed = lease?.['token'] === row['token'] ? lease : undefined;
  const since = millisecondsOf(row['since']);
  const expires = renewed === undefined ? since + LEASE_MS : millisecondsOf(renewed['expires']);
  return {
    token,
    holder: {
      runId,
      username: String(row['username']),
      host: String(row['host']),
      pid: Number(row['pid']),
      since,
      heartbeat: String(renewed === undefined ? since : millisecondsOf(renewed['renewed'])),
      token,
      processKey: textOrNull(row['process_key']),
      appName: textOrNull(row['app_name']),
      lsid: textOrNull(row['lsid']),
      expired: millisecondsOf(row['now']) > expires,
    },
  };
}

/** Makes the document that stays, where it is not there. */
export function emptyLock(): Book {
  return { _id: LOCK_ID, layout: null, token: 0, run_id: null };
}

/** The update that takes the lock, on the server's clock. */
export function takeLock(
  { runId, username, host, pid }: LockOwner,
  by: { readonly processKey: string | null; readonly appName: string | null; readonly lsid: string | null },
): Document[] {
  const owner = { run_id: runId, username, host, process_key: by.processKey, app_name: by.appName, lsid: by.lsid };
  const texts = Object.fromEntries(Object.entries(owner).map(([name, value]) => [name, { $literal: value }]));
  return [{ $set: { token: { $add: ['$token', 1] }, ...texts, pid, since: '$$NOW', touched: null } }];
}

export const FREE: Document = { run_id: null, process_key: null, app_name: null, lsid: null };

function millisecondsOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : 0;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
