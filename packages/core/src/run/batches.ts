import type { BatchOptions, DatabaseMigrationHandler } from '../ports/handler.ts';
import { misuse } from '../errors.ts';
import { modeOf } from '../validate/pending.ts';
import type { Attempt } from './attempt.ts';
import type { RunContext } from './context.ts';

/** Makes the handler's `forEachBatch` for one attempt. */
export function batchesOf<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  covered: boolean,
): DatabaseMigrationHandler<Db>['forEachBatch'] {
  const { session, settings, versions, events, signal } = context;
  const { info, loaded } = attempt.step;
  // Where the migration has no transaction of its own, each batch gets one.
  const isCovered =
    covered || (!attempt.isRecorded && modeOf(loaded, settings) !== 'none' && session.capabilities.transactionalDdl);
  /** Passes that an earlier try came to the end of, and this one has not begun. */
  const over = new Set(Object.keys(attempt.begun.cursors).filter((name) => isOver(attempt.begun.cursors[name])));

  return async <Row extends Record<string, unknown>>(
    options: BatchOptions,
    work: (rows: readonly Row[]) => Promise<void> | void,
  ) => {
    const { table, size = 1_000, name = table } = options;
    if (!Number.isInteger(size) || size < 1)
      throw misuse(`forEachBatch: size must be a whole number above 0, not ${size}.`, 'Leave it out for 1,000 rows.');
    const total = await session.batches.count(table);
    const begun = readPlace(attempt.row.cursors[name]);
    if (over.delete(name)) return;
    let { cursor, done } = begun;
    const startedAt = Date.now();
    for (;;) {
      signal.throwIfAborted();
      const batch = await session.batches.read({ table, size, after: cursor });
      if (batch.rows.length === 0) return;
      const place = { cursor: batch.cursor, done: done + batch.rows.length };
      const row = { ...attempt.row, cursors: { ...attempt.row.cursors, [name]: place } };
      const step = async (): Promise<void> => {
        await work(batch.rows as readonly Row[]);
        if (!isCovered) await versions.save(row);
      };
      await (isCovered ? step() : session.transaction({ statements: null, foreignKeys: loaded.foreignKeys }, step));
      attempt.row = row;
      ({ cursor, done } = place);
      const passed = done - begun.done;
      const etaMs = passed === 0 ? null : Math.max(0, Math.round(((Date.now() - startedAt) / passed) * (total - done)));
      events.emit({ kind: 'batch-finished', step: info, table, done, total, etaMs });
      if (cursor === null) return;
    }
  };
}

/** A place without a cursor behind which something was done. */
function isOver(value: unknown): boolean {
  const { cursor, done } = readPlace(value);
  return cursor === null && done > 0;
}

function readPlace(value: unknown): { cursor: unknown; done: number } {
  if (typeof value !== 'object' || value === null || !('cursor' in value) || !('done' in value))
    return { cursor: null, done: 0 };
  return { cursor: value.cursor, done: Number(value.done) };
}
