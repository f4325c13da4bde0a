/** Keeps two runs apart. Held by the session that does the work, and gone with it. */
export interface MigrationLock {
  /** Takes the lock when it is free, or when its holder is proven dead. Never waits. Writes nothing when it is held. */
  tryAcquire(owner: LockOwner): Promise<LockAttempt>;
  /** Who holds it now; `null` when it is free. Writes nothing. */
  holder(): Promise<LockHolder | null>;
  /**
   * Takes the lock away from its holder, whose token is void from then on. A holder that still runs in the server is
   * ended first when `fence` is set. Gives the holder that was removed; `null` when there was none.
   */
  break(options: { readonly fence: boolean }): Promise<LockHolder | null>;
}

export type LockAttempt =
  | { readonly kind: 'acquired'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly holder: LockHolder };

/** Disposing gives the lock back, and never throws: what cannot be given back ends with the session. */
export interface Lease extends AsyncDisposable {
  /** Higher than every token before it. */
  readonly token: number;
  /** Throws `LOCK_LOST` when another holder has taken over. */
  assert(): Promise<void>;
}

export interface LockOwner {
  readonly runId: string;
  readonly username: string;
  readonly host: string;
  readonly pid: number;
}

export interface LockHolder extends LockOwner {
  /** Milliseconds since 1970, on the database's clock. */
  readonly since: number;
  /** Changes whenever the holder shows that it lives. */
  readonly heartbeat: string;
  readonly token: number;
}
