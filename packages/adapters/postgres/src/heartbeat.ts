import { setTimeout as sleep } from 'node:timers/promises';
import { lockLost } from './errors.ts';
import { valueOf, type Link } from './link.ts';
import type { LockStatements } from './lock-statements.ts';

export interface HeartbeatSettings {
  readonly link: Link;
  readonly sql: LockStatements;
  readonly token: number;
  readonly pooled: boolean;
}

/** Of the lease: without an answer for so long, the run stops itself before anybody may take over. */
const PATIENCE = 2 / 3;

/** In milliseconds, and never back. `performance` would load two dozen modules of Node's. */
function now(): number {
  return process.uptime() * 1000;
}

/**
 * Shows now and then that the holder lives, and drops the session as soon as it holds nothing any more, or when a sign of
 * life stays unanswered: what waits then, and whatever comes, fails with `LOCK_LOST`. Gives the way to stop.
 *
 * Directly, the session is the lease, so nothing is lost by keeping silent; behind a pooler the end of the lease is put off,
 * and a transaction that is open keeps it by itself, however busy this process is. While a statement runs, a second
 * connection looks whether the lock is still there: without one, only the end of the connection tells.
 */
export function keepAlive({ link, sql, token, pooled }: HeartbeatSettings): () => void {
  const { wire, lease } = link;
  const { leaseMs, heartbeatMs } = lease;
  let confirmed = now();
  let awake = confirmed;
  /** Which connection has not answered yet. */
  let asking: 'here' | 'beside' | null = null;

  const isHeldHere = async (): Promise<boolean> => {
    if (!pooled) return (await wire.run('')).length > 0;
    return (await link.record(sql.heartbeat(token, leaseMs)))[0]?.tag === 'UPDATE 1';
  };
  const isHeldBeside = async (): Promise<boolean> => {
    const beside = link.mayWatch ? await link.beside() : null;
    // A backup may be reading by it.
    if (beside === null || !beside.isIdle || beside.status !== 'I') return true;
    const pid = String(link.known()?.pid);
    const answer = await Promise.race([
      beside.run(pooled ? sql.token : sql.isHeldBy(pid)),
      sleep(heartbeatMs, undefined, { ref: false }),
    ]);
    if (answer === undefined) await beside.close(true);
    if (answer === undefined || valueOf(answer[0]) === (pooled ? String(token) : 't')) return true;
    // Its statement would go on without a lock.
    if (!pooled)
      await Promise.race([
        beside.run(`SELECT pg_cancel_backend(${pid})`),
        sleep(heartbeatMs, undefined, { ref: false }),
      ]);
    return false;
  };
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  const lose = (): void => {
    if (isOver) return;
    stop();
    wire.drop(lockLost({ token }));
  };
  const ask = async (): Promise<void> => {
    asking = wire.isIdle ? 'here' : 'beside';
    try {
      if (await (asking === 'here' ? isHeldHere() : isHeldBeside())) confirmed = now();
      else lose();
    } catch {
      // Who works on the connection hears of what broke it.
    } finally {
      asking = null;
    }
  };
  const timer = setInterval(() => {
    const time = now();
    // This process stood still, and an answer may lie here unread.
    const wasAway = time - awake > 2 * heartbeatMs;
    awake = time;
    if (!wire.isOpen) return stop();
    if (pooled && wire.isIdle && wire.status !== 'I') confirmed = time;
    else if (asking === null) void ask();
    else if (asking === 'here' && !wasAway && time - confirmed >= leaseMs * PATIENCE) lose();
  }, heartbeatMs).unref();
  return stop;
}
