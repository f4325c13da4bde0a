import { backupWhenNeeded, type Statement, type StatementResult, type WorkingSession } from '@detent/core';
import { createAhead } from './ahead.ts';
import { createBatches } from './batches.ts';
import { createCoverage } from './coverage.ts';
import { readOnlySession } from './errors.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory } from './history-writer.ts';
import type { HistoryReader } from './history.ts';
import type { Link } from './link.ts';
import { createLock } from './lock.ts';
import { createPrepared } from './prepared.ts';
import type { SessionSettings } from './session.ts';
import { limitSql, limitsWith } from './settings.ts';
import { scopedFingerprint, traceOf } from './trace.ts';
import { createTransactions, look } from './transaction.ts';
import type { Answer } from './wire.ts';

/** What a session does once there is something to do. */
export function createWork(link: Link, reader: HistoryReader, settings: SessionSettings): WorkingSession {
  const { lockRetries, backup, ways } = settings;
  const lock = createLock(link);
  const ahead = createAhead(link);
  const onRollBack = (): void => history.forget();
  const transactions = createTransactions({ link, lock, ahead, lockRetries, onRollBack });
  const history = createHistory({ link, reader, lock, transactions });
  const prepared = createPrepared(link);
  const coverage = createCoverage(link, prepared);
  /** It is not tried again: a part of it may stand. */
  let uncovered: Statement | null = null;
  link.flush = () => transactions.flush();
  link.onCode = () => {
    coverage.forget(null);
    ahead.forget();
  };
  return {
    history,
    lock,
    backup: backupWhenNeeded(async () =>
      (await import('./backup.ts')).createBackup({ link, by: backup, ways, lock, transactions, history }),
    ),
    batches: createBatches(link, () => transactions.flush()),

    transaction(scope, work) {
      link.traces ||= scope.statements === null;
      return transactions.run(scope, work);
    },

    async execute(statements, file, progress) {
      if (link.options.readOnly) throw readOnlySession();
      await link.prepare();
      link.traces ||= statements.some(leavesTraces);
      const results: StatementResult[] = [];
      for (const [index, statement] of statements.entries()) {
        const once = statement === uncovered;
        ahead.forget();
        const next = index === statements.length - 1 ? progress?.next : statements[index + 1];
        const tell = (answers: readonly Answer[]): void => {
          if (changesNames(statement)) coverage.forget(statement);
          const result = { rows: answers.at(-1)?.affected ?? null };
          results.push(result);
          progress?.done(index, result);
        };
        await transactions.execute(statement, { file, signal: progress?.signal, once, next }, tell);
        if (statement.kind !== 'query') await prepared.note(statement.text);
      }
      return results;
    },

    async limit(limits) {
      link.limits = limitsWith(link.limits, limits);
      link.traces = true;
      await link.prepare(limitSql(link.limits, await link.greeting()));
    },

    async reset() {
      if ((await look(link)).inTransaction) {
        await link.ask('ROLLBACK');
        link.logger.warn('A transaction that the migration left open was rolled back.');
      }
      if (link.traces) ahead.forget();
      await link.restore();
    },

    async fingerprint(scope = null) {
      await transactions.flush();
      return scope === null ? schemaFingerprint(link) : scopedFingerprint(link, scope);
    },

    async covered(statements) {
      const count = await coverage.covered(statements);
      uncovered = count === 0 ? (statements[0] ?? null) : null;
      return count;
    },

    trace: async (statement) => ahead.take(statement) ?? traceOf(link, coverage, statement),

    close: () => lock.close(),
  };
}

/** What a statement may leave in the session beyond schema and rows: everything but these, as routines may set settings. */
function leavesTraces({ text }: Statement): boolean {
  return !/^\s*(?:insert|update|delete|replace|create|alter|drop|select|truncate|rename)\b/i.test(text);
}

/** A name may mean another table afterwards, or a table have another engine. */
function changesNames({ kind, text }: Statement): boolean {
  return kind === 'ddl' || /^\s*(?:call|execute|begin|use)\b/i.test(text);
}
