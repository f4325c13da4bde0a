import type { DatabaseAdapter, RollbackStrategy, TransactionMode } from '@detent/core';
import { detent } from './detent.ts';
import type { Site, Subject } from './matrix.ts';
import { brokenIn, idOf, sourceOf, upOf, type NightMigration } from './night.ts';

export interface Row {
  readonly strategy: RollbackStrategy;
  readonly transaction: TransactionMode;
}

/** What a night on one database is made of. */
export interface Night<Db> {
  readonly adapter: (url: string) => DatabaseAdapter<Db>;
  readonly migrations: readonly NightMigration<Db>[];
  /** Put behind the others, so that what was done before is to be undone. */
  readonly failing: NightMigration<Db>;
  /** The same as its author would mend it. */
  readonly mended: NightMigration<Db>;
  /** A statement that the server refuses, whatever its schema. */
  readonly refused: string;
  /** Whether a statement may run twice, so that the next start runs it again. */
  readonly mayRepeat: (statement: string) => boolean;
  /** Whether the lifecycle may leave it to a person. */
  readonly mayBeUnknown: (migration: NightMigration<Db>, transaction: TransactionMode) => boolean;
}

/** A strategy has something to do only in a run that fails. */
export function nightUnder<Db>({ strategy, transaction }: Row, night: Night<Db>): Subject {
  const { adapter, failing, mended, refused, mayRepeat, mayBeUnknown } = night;
  const succeeds = strategy === 'none';
  const fitting = transaction === 'all' ? night.migrations.filter(({ joins }) => joins) : night.migrations;
  const migrations = succeeds ? fitting : [...fitting, failing];
  const inDoubt = migrations.filter((migration) => mayBeUnknown(migration, transaction));
  return detent({
    adapter,
    options: { migrations: sourceOf(migrations), rollback: strategy, transaction },
    ends: succeeds ? null : 'STATEMENT_FAILED',
    byHand: new Map(inDoubt.map((migration) => [idOf(migration), migration.byHand])),
    breaking: (id, after) => brokenIn(migrations, { id, after, refused }),
    mayRepeat: ({ id, done }) => {
      const migration = migrations.find((each) => idOf(each) === id);
      const statement = migration === undefined ? undefined : upOf(migration)?.[done];
      return statement !== undefined && mayRepeat(statement);
    },
    mended: succeeds ? null : sourceOf([...fitting, mended]),
  });
}

/** A connection of a plain driver. */
export interface PlainConnection {
  /** Gives how many rows came back. */
  query(text: string): Promise<number>;
  end(): Promise<void>;
}

/** What many have written by hand: executes, then records. */
export function naive<Db>(
  night: readonly NightMigration<Db>[],
  connect: (url: string) => Promise<PlainConnection>,
): Subject {
  const scripts = night
    .filter(({ joins }) => joins)
    .flatMap((migration) => {
      const text = upOf(migration);
      return text === null ? [] : [{ file: migration.file, text }];
    });
  const work = async ({ url }: Site): Promise<void> => {
    const connection = await connect(url);
    try {
      await connection.query('CREATE TABLE IF NOT EXISTS schema_version_naive (file varchar(99) PRIMARY KEY)');
      for (const { file, text } of scripts) {
        if ((await connection.query(`SELECT 1 FROM schema_version_naive WHERE file = '${file}'`)) > 0) continue;
        for (const statement of text) await connection.query(statement);
        await connection.query(`INSERT INTO schema_version_naive VALUES ('${file}')`);
      }
    } finally {
      await connection.end().catch(() => undefined);
    }
  };
  return {
    run: (site) => work(site).catch(() => undefined),
    rerun: (site) =>
      work(site).then(
        () => ({ flaws: [], settled: 0 }),
        (error: unknown) => ({ flaws: [`stuck: ${String(error)}`], settled: 0 }),
      ),
    look: async () => ({ version: null, part: null, text: '' }),
    imitate: (_view, site) => work(site),
    mayRepeat: () => false,
    mend: null,
  };
}
