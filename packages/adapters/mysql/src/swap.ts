import { setTimeout as sleep } from 'node:timers/promises';
import { mariadb, quoteIdent } from '@detent/sql';
import { tablesOf } from './data-tables.ts';
import { objectsIn } from './definitions.ts';
import type { Contents } from './dump.ts';
import { by, type Link } from './link.ts';
import { literal } from './literal.ts';
import type { Scratch } from './shadow.ts';
import type { SessionLock } from './lock.ts';
import { valueOf, type Wire } from './wire.ts';

export interface SwapSettings {
  /** By the connection that holds the lock. */
  readonly link: Link;
  readonly lock: SessionLock;
  /** Another connection, which keeps others from the tables meanwhile; `null` where there is none. */
  readonly guard: Wire | null;
  readonly scratch: Scratch;
  readonly contents: Contents;
  readonly lockMs: number;
  /** Called when nobody else can write any more, before the first change. */
  readonly onLocked: () => Promise<void>;
}

/** How often is looked whether the renaming waits. */
const POLL_MS = 5;

/**
 * Puts the tables of the new database into the place of the live ones, all at once. Others are kept away by locks of the guard,
 * which gives them up when the renaming stands first in the queue behind it.
 */
export async function swapTables(settings: SwapSettings): Promise<void> {
  const { link, lock, guard, scratch, contents, lockMs, onLocked } = settings;
  const { schema } = await link.books();
  const live = await liveNames(link);
  const wait = Math.max(1, Math.ceil(lockMs / 1_000));
  const place = (database: string, name: string): string => quoteIdent(mariadb, database, name);
  const guarded = live.tables.map((name) => `${place(schema, name)} WRITE`);
  const triggers = await triggersOf(link);
  const hold = guard === null || guarded.length === 0 ? null : by(link, guard);
  try {
    await hold?.ask(`SET SESSION lock_wait_timeout = ${wait}`, `LOCK TABLES ${guarded.join(', ')}`);
    await onLocked();
    for (const name of triggers) await (hold ?? link).ask(`DROP TRIGGER IF EXISTS ${place(schema, name)}`);
    const { made, retired } = scratch;
    const out = [...live.tables, ...live.sequences].map((name) => `${place(schema, name)} TO ${place(retired, name)}`);
    const names = [...contents.tables.filter(({ kind }) => kind === 'user'), ...contents.sequences];
    const back = names.map(({ name }) => `${place(made, name)} TO ${place(schema, name)}`);
    if (out.length + back.length === 0) return;
    const fence = await lock.fence();
    await link.ask(`CREATE DATABASE IF NOT EXISTS ${quoteIdent(mariadb, retired)}`);
    await link.ask(`SET SESSION lock_wait_timeout = ${wait}, SESSION foreign_key_checks = 0`);
    const renaming = link.ask(...(fence === null ? [] : [fence]), `RENAME TABLE ${[...out, ...back].join(', ')}`);
    if (hold !== null) await whenWaiting(renaming, hold, (await link.greeting()).id);
    await hold?.ask('UNLOCK TABLES');
    await renaming;
  } finally {
    if (guard?.isOpen === true) await guard.run('UNLOCK TABLES').catch(() => undefined);
  }
}

/** Every table of the user's, and every sequence. */
async function liveNames(
  link: Link,
): Promise<{ readonly tables: readonly string[]; readonly sequences: readonly string[] }> {
  const { schema } = await link.books();
  const tables = (await tablesOf(link)).filter(({ kind }) => kind === 'user').map(({ name }) => name);
  const sequences = (await objectsIn(link, schema)).filter(({ kind }) => kind === 'sequence').map(({ name }) => name);
  return { tables, sequences };
}

/** A table with triggers goes into no other database. */
async function triggersOf(link: Link): Promise<readonly string[]> {
  const { schema, own } = await link.books();
  const [answer] = await link.ask(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${literal(schema)} ` +
      `AND EVENT_OBJECT_TABLE NOT IN (${own.map(literal).join(', ')})`,
  );
  return (answer?.rows ?? []).map(({ name }) => name ?? '');
}

/** Until the statement of that connection stands in the queue for a table, or is over. */
async function whenWaiting(running: Promise<unknown>, guard: Link, connection: number): Promise<void> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  running.then(over, over);
  for (;;) {
    const [answer] = await guard.ask(`SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = ${connection}`);
    if (isOver || /metadata lock/i.test(valueOf(answer) ?? '')) return;
    await sleep(POLL_MS);
  }
}
