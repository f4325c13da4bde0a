import {
  backupWhenNeeded,
  type Capabilities,
  type MigrationSession,
  type Statement,
  type StatementResult,
} from '@detent/core';
import { mariadb, sqlTag } from '@detent/sql';
import { createAhead } from './ahead.ts';
import { createBatches } from './batches.ts';
import { createCoverage } from './coverage.ts';
import { readOnlySession, translate } from './errors.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory } from './history.ts';
import type { Link } from './link.ts';
import { createLock } from './lock.ts';
import type { BackupMethod } from './method.ts';
import { createPrepared } from './prepared.ts';
import { describeServer } from './server.ts';
import { limitSql, limitsWith } from './settings.ts';
import { scopedFingerprint, traceOf } from './trace.ts';
import { createTransactions, look } from './transaction.ts';
import type { Ways } from './ways.ts';

export interface SessionSettings {
  readonly lockRetries: number;
  readonly backup: BackupMethod;
  readonly ways: Ways | null;
}

/** Puts the parts together around one connection. `Db` is the class of the driver's connection. */
export function createSession<Db>(link: Link, { lockRetries, backup, ways }: SessionSettings): MigrationSession<Db> {
  const lock = createLock(link);
  const ahead = createAhead(link);
  const onRollBack = (): void => history.forget();
  const transactions = createTransactions({ link, lock, ahead, lockRetries, onRollBack });
  const history = createHistory({ link, lock, transactions });
  const prepared = createPrepared(link);
  const coverage = createCoverage(link, prepared);
  /** It is not tried again: a part of it may stand. */
  let uncovered: Statement | null = null;
  return {
    get db() {
      link.wire.suspect();
      coverage.forget(null);
      ahead.forget();
      return link.wire.db as Db;
    },
    capabilities: capabilitiesOf(link),
    server: describeServer(link),
    history,
    lock,
    backup: backupWhenNeeded(async () =>
      (await import('./backup.ts')).createBackup({ link, by: backup, ways, lock, transactions, history }),
    ),
    batches: createBatches(link, () => transactions.flush()),
    sql: sqlTag(mariadb, async (text, values) => {
      ahead.forget();
      await transactions.flush();
      try {
        return await link.wire.query(text, values);
      } catch (error) {
        throw translate(error, link.target);
      }
    }),

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
        const answers = await transactions.execute(statement, { file, signal: progress?.signal, once, next });
        if (statement.kind !== 'query') await prepared.note(statement.text);
        if (changesNames(statement)) coverage.forget(statement);
        const result = { rows: answers.at(-1)?.affected ?? null };
        results.push(result);
        progress?.done(index, result);
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

    foreignHistory: async () => null,

    async close() {
      await lock.close();
      await link.close();
    },
  };
}

function capabilitiesOf({ hasBeside }: Link): Capabilities {
  return {
    transactionalDdl: false,
    transactions: true,
    backup: true,
    alone: true,
    together: true,
    fencesTransactions: true,
    cancel: hasBeside,
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
