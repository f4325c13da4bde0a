/** Behind a pooler the lock is a lease: it ends by itself when its holder is silent for so long. */
export interface LeaseTiming {
  readonly leaseMs: number;
  /** How often the holder puts the end off; well below the lease. */
  readonly heartbeatMs: number;
}

export const LEASE: LeaseTiming = { leaseMs: 30_000, heartbeatMs: 10_000 };
