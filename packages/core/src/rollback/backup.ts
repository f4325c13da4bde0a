import { contentHash } from '../backup/manifest.ts';
import { asDetentError, DetentError } from '../errors.ts';
import type { RollbackDetail } from '../history/ledger-detail.ts';
import type { Manifest } from '../ports/backup.ts';
import type { HistoryRow, HistoryStore, LedgerEvent } from '../ports/history.ts';
import { inTransaction } from '../run/attempt.ts';
import type { RunContext } from '../run/context.ts';
import { isApplied } from '../scan/selector.ts';
import { infosOf, standingSteps } from './attempted.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Puts the backup back, unless that would throw away what others wrote since. */
export async function rollBackByBackup<Db>(run: FailedRun<Db>): Promise<RollbackReport> {
  const { context, outcome, backup, backups } = run;
  const standing = standingSteps(outcome);
  try {
    const manifest = await restorable(context, backup);
    const ids = standing.map(({ info }) => info.id);
    await markRestoring(context, ids, manifest);
    await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
    return { outcome: 'complete', rolledBack: infosOf(standing), errors: [] };
  } catch (thrown) {
    const error = asDetentError(thrown, 'RESTORE_FAILED', (words) => `The backup could not be restored: ${words}`);
    return { outcome: error.code === 'RESTORE_BLOCKED' ? 'blocked' : 'incomplete', rolledBack: [], errors: [error] };
  }
}

/** The backup, when it may be restored without asking. Throws `RESTORE_BLOCKED`. */
async function restorable<Db>({ settings, session }: RunContext<Db>, backup: Manifest | null): Promise<Manifest> {
  const { mode } = settings.backup;
  if (backup === null || mode === 'create-only' || mode === 'manual') {
    const why = backup === null ? 'there is no backup of this run' : `backup.mode is "${mode}"`;
    throw blocked(`Nothing was restored: ${why}.`, backup);
  }
  // A backup named beforehand was chosen with open eyes; one of this run must not cost others their writes.
  if (mode === 'full' && (await session.backup.othersWrote(backup))) {
    throw blocked('Others wrote to the database since the backup; restoring it would throw their rows away.', backup);
  }
  return backup;
}

function blocked(message: string, backup: Manifest | null): DetentError {
  const hint =
    backup === null ? 'Restore by your own means.' : `When that is acceptable, run \`detent restore ${backup.path}\`.`;
  return new DetentError('RESTORE_BLOCKED', message, { hint, facts: { backup: backup?.path ?? null } });
}

async function markRestoring<Db>(context: RunContext<Db>, ids: readonly string[], manifest: Manifest): Promise<void> {
  const { versions, identity, session, settings } = context;
  const content = contentHash(await session.backup.sums());
  const detail: RollbackDetail = {
    strategy: settings.rollback,
    backup: manifest.path,
    fingerprint: manifest.fingerprint,
    content,
    restored: contentHash(manifest.objects),
  };
  await inTransaction(context, async () => {
    await versions.append(identity, 'rollback-started', null, JSON.stringify(detail));
    for (const id of ids) {
      const row = await versions.load(id);
      if (row !== null) await versions.save({ ...row, state: 'restoring' });
    }
  });
}

/**
 * Reads what the restore is about to wipe out, and gives the function that writes it into the restored history: the
 * ledger's lines since the backup, the run's migrations as rolled back, and failures, which no row may forget.
 */
export async function rewriteHistory<Db>(
  { versions, identity }: RunContext<Db>,
  ids: readonly string[],
  manifest: Manifest,
): Promise<(history: HistoryStore) => Promise<void>> {
  const events = await versions.events(null);
  const { entries } = await versions.getAllMigrated();
  const failed = entries.filter(({ id, state }) => state === 'failed' && !ids.includes(id)).map(({ id }) => id);
  const rows: HistoryRow[] = [];
  for (const id of [...ids, ...failed]) {
    const row = await versions.load(id);
    if (row !== null) rows.push({ ...row, token: identity.token });
  }
  return async (history) => {
    await history.init();
    const known = (await history.events(1)).at(-1)?.seq ?? 0;
    for (const event of events) if (event.seq > known) await history.append(lineOf(event));
    for (const row of rows) {
      const restored = await history.load(row.id);
      if (restored !== null && isApplied(restored)) continue;
      // The part of it that an earlier run did is in the backup too, and so is how far it came.
      if (restored !== null && hasProgress(restored)) await history.save(stopped(restored, identity.token));
      else await history.save(ids.includes(row.id) ? takenBack(row) : row);
    }
    const { runId, username } = identity;
    await history.append({
      at: Date.now(),
      runId,
      actor: username,
      action: 'restored',
      id: null,
      detail: manifest.path,
    });
  };
}

function hasProgress({ state, statementsDone, intent, cursors }: HistoryRow): boolean {
  const isBegun = state === 'running' || state === 'failed' || state === 'unknown';
  return isBegun && (statementsDone > 0 || intent !== null || Object.keys(cursors).length > 0);
}

function stopped(row: HistoryRow, token: number): HistoryRow {
  return { ...row, token, state: row.state === 'running' ? 'failed' : row.state };
}

function takenBack(row: HistoryRow): HistoryRow {
  const progress = { intent: null, statementsDone: 0, statementHashes: [], cursors: {} };
  return { ...row, ...progress, state: 'rolled_back', finishedAt: Date.now() };
}

function lineOf({ at, runId, actor, action, id, detail }: LedgerEvent): Parameters<HistoryStore['append']>[0] {
  return { at, runId, actor, action, id, detail };
}
