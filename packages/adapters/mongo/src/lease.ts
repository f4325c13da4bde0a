import type { Document } from 'mongodb';

/** How long a holder that gives no sign of life keeps the lock, and how often it gives one. */
export const LEASE_MS = 30_000;
export const HEARTBEAT_MS = 10_000;

/** Beside the lock, so that the holder's own transactions do not stand in the way of its signs of life. */
export const LEASE_ID = 'lease';

/** The update that puts the end of the lease off. */
export function renewLease(token: number, leaseMs: number): Document[] {
  return [{ $set: { token, renewed: '$$NOW', expires: { $add: ['$$NOW', leaseMs] } } }];
}
