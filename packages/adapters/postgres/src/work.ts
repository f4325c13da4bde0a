import {
  backupWhenNeeded,
  type Statement,
  type StatementProgress,
  type StatementResult,
  type WorkingSession,
} from '@detent/core';
import { leavesTraces, mayGoAtOnce } from './at-once.ts';
import { createBatches } from './batches.ts';
import { watchBuilds } from './build-progress.ts';
import { own } from './commit.ts';
import { readConcurrent, waitsForOthers } from './concurrent.ts';
import { needsDirect, readOnlySession } from './errors.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory, type Entry } from './history-writer.ts';
import type { HistoryReader } from './history.ts';
import { dropLeftovers } from './leftovers.ts';
import type { Link } from './link.ts';
import { createLock } from './lock.ts';
import { rowsOf, type Part } from './message.ts';
import type { SessionSettings } from './session.ts';
import { limitSql, limitsWith } from './settings.ts';
import { finishing, look, traceOf } from './trace.ts';
import { createTransactions } from './transaction.ts';
import type { ExecuteRequest } from './watching.ts';
import { createWholeTransactions } from './whole.ts';

/** What a session does once there is something to do. */
export function createWork(
  link: Link,
  reader: HistoryReader,
  { lockRetries, backup, ways }: SessionSettings,
): WorkingSession {
  const lock = createLock(link);
  const transactions = createTransactions(link, lock, lockRetries, () => history.forget());
  const whole = createWholeTransactions({
    link,
    lockRetries,
    isWorking: () => transactions.isWorking,
    onRollBack: () => history.forget(),
  });
  link.flush = () => transactions.flush();
  const history = createHistory({ link, reader, lock, transactions });
  /** Outside of any transaction: one message each, since several commands in one are a transaction of their own. */
  const executeAlone = async (statement: Statement, request: ExecuteRequest): Promise<void> => {
    request.signal?.throwIfAborted();
    if (link.options.readOnly) throw readOnlySession();
    await link.prepare();
    const { pooled } = await link.greeting();
    if (pooled) throw needsDirect(request.file, statement.line, statement);
    const concurrent = readConcurrent(statement.text);
    const dropped = concurrent === null ? [] : await dropLeftovers(link, concurrent);
    for (const name of dropped)
      link.logger.info(`The index ${name}, which an earlier build left unfinished, was dropped.`);
    const rest = concurrent === null ? null : await finishing(link, concurrent);
    const patient = waitsForOthers(statement.text);
    if (patient) await link.ask(...limitSql({ lockMs: 0, statementMs: 0 }, false), 'SET lock_timeout = 0');
    try {
      // A statement that nothing takes back is not stopped in its middle.
      await transactions.execute([{ text: rest ?? statement.text, statement }], { ...request, signal: undefined });
    } finally {
      if (patient && link.wire.isOpen && link.wire.status === 'I') await link.ask(...limitSql(link.limits, false));
    }
  };
  const requestOf = (
    statements: readonly Statement[],
    file: string,
    progress: StatementProgress | undefined,
    results: StatementResult[] = [],
  ): ExecuteRequest => ({
    file,
    signal: progress?.signal,
    hear(answer, { statement }) {
      const index = statement === undefined ? -1 : statements.indexOf(statement);
      const result = { rows: rowsOf(answer) };
      results[index] = result;
      progress?.done(index, result);
    },
    watch: () => watchBuilds(link, statements, progress?.advanced),
  });
  const sendWhole = async (parts: readonly Part[], entry: Entry, request: ExecuteRequest): Promise<boolean> => {
    let stands = false;
    try {
      return (stands = await whole.send(parts, entry.record, request));
    } finally {
      entry.settled(stands);
    }
  };
  const fingerprint = async (scope: string | null = null): Promise<string> => {
    await transactions.flush();
    if (scope !== null) return look(link, scope);
    return schemaFingerprint(link, link.wire.status !== 'I');
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

    compose({ file, statements, ...entry }) {
      if (link.options.readOnly || !mayGoAtOnce(link, { statements, atOnce: true })) return null;
      const compose = history.compose(entry);
      if (compose === null) return null;
      const parts = statements.map(partOf);
      return (progress, behind) => {
        if (!whole.isFree(behind)) return null;
        const written = compose();
        if (written === null) return null;
        const fence = lock.fenceBehind(written.behind);
        if (fence === null) {
          written.settled(false);
          return null;
        }
        return sendWhole([own(fence), ...parts, ...written.parts], written, requestOf(statements, file, progress));
      };
    },

    async execute(statements, file, progress) {
      link.traces ||= statements.some(leavesTraces);
      const results: StatementResult[] = [];
      const request = requestOf(statements, file, progress, results);
      await link.greeting();
      if (transactions.isWorking) await transactions.execute(statements.map(partOf), request);
      else for (const statement of statements) await executeAlone(statement, request);
      return results;
    },

    async limit(limits) {
      link.limits = limitsWith(link.limits, limits);
      const { pooled } = await link.greeting();
      if (pooled) return;
      link.traces = true;
      await link.prepare(...limitSql(link.limits, false));
    },

    async reset() {
      if ((await link.wire.look()) !== 'I') {
        await link.ask('ROLLBACK');
        link.logger.warn('A transaction that the migration left open was rolled back.');
      }
      await link.restore();
    },

    fingerprint,

    covered: async ({ length }) => length,

    async trace({ text }) {
      const concurrent = readConcurrent(text);
      const trace = concurrent === null ? null : await traceOf(link, concurrent);
      return trace ?? { kind: 'schema', fingerprint: await fingerprint(), scope: null, after: null };
    },

    close: () => lock.close(),
  };
}

function partOf(statement: Statement): Part {
  return { text: statement.text, statement };
}
