import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lease, LockOwner, MigrationSession, OpenOptions, Statement, StatementKind } from '@detent/core';
import { createAdapter } from './adapter.ts';
import type { SqliteDatabase } from './driver.ts';
import type { SqliteOptions } from './options.ts';

export const DRIVERS = ['node:sqlite', 'better-sqlite3'] as const;

/** A folder of its own for one test, gone with it. */
export class Playground implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'detent-sqlite-'));
  readonly warnings: string[] = [];
  readonly #sessions: MigrationSession<SqliteDatabase>[] = [];

  /** The database that is opened unless told otherwise. */
  get file(): string {
    return join(this.folder, 'app.db');
  }

  async open(
    options: Partial<SqliteOptions> = {},
    open: Partial<OpenOptions> = {},
  ): Promise<MigrationSession<SqliteDatabase>> {
    const place = options.database === undefined ? { url: this.file } : {};
    const session = await createAdapter<SqliteDatabase>({ ...place, ...options } as SqliteOptions).open({
      ...this.openOptions(),
      ...open,
    });
    this.#sessions.push(session);
    return session;
  }

  openOptions(): OpenOptions {
    const warn = (message: string): void => void this.warnings.push(message);
    const logger = { debug: () => undefined, info: () => undefined, warn, error: warn };
    return {
      table: 'schema_version',
      schema: null,
      readOnly: false,
      connectTimeoutMs: 5_000,
      lockTimeoutMs: 2_000,
      statementTimeoutMs: 0,
      logger,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function owner(runId = 'run-1'): LockOwner {
  return { runId, username: 'tester', host: hostname(), pid: process.pid };
}

/** Takes the lock, which must be free. */
export async function take(session: MigrationSession<SqliteDatabase>, runId = 'run-1'): Promise<Lease> {
  const attempt = await session.lock.tryAcquire(owner(runId));
  if (attempt.kind === 'held') throw new Error(`The lock is held by ${attempt.holder.runId}.`);
  return attempt.lease;
}

export function statement(text: string, kind: StatementKind = kindOf(text)): Statement {
  return { text, line: 1, column: 1, kind, transactional: true, destroys: null, leaves: null, effect: null };
}

function kindOf(text: string): StatementKind {
  if (/^\s*(?:insert|update|delete|replace)\b/i.test(text)) return 'data';
  if (/^\s*(?:pragma|attach|detach)\b/i.test(text)) return 'session';
  if (/^\s*(?:begin|commit|rollback|end)\b/i.test(text)) return 'transaction';
  return /^\s*(?:select|with|values)\b/i.test(text) ? 'query' : 'ddl';
}

/** Runs statements in one transaction, as a script would be. */
export async function run(session: MigrationSession<SqliteDatabase>, ...texts: readonly string[]): Promise<void> {
  const statements = texts.map((text) => statement(text));
  await session.transaction({ statements }, async () => {
    for (const each of statements) await session.execute([each], 'V1__test.sql');
  });
}

/** The rows of a query, as arrays of values. */
export async function rows(
  session: MigrationSession<SqliteDatabase>,
  text: string,
): Promise<readonly (readonly unknown[])[]> {
  const found = await session.sql([text] as unknown as TemplateStringsArray);
  return found.map((row) => Object.values(row));
}
