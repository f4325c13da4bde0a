import { hash } from 'node:crypto';
import { fromModules, type DatabaseMigrationHandler, type MigrationSource } from '@detent/core';

/** A migration of the night, and how a person takes back by hand what a part of it may have left. */
export interface NightMigration<Db> {
  readonly file: string;
  readonly value: string | NightCode<Db>;
  /** May run in one transaction with all the others. */
  readonly joins: boolean;
  readonly byHand: readonly string[];
}

interface NightCode<Db> {
  readonly transaction?: 'none';
  up(db: Db, info: unknown, handler: DatabaseMigrationHandler<Db>): Promise<string>;
  down(db: Db): Promise<void>;
}

export interface ScriptParts {
  readonly head?: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly joins?: boolean;
  readonly byHand?: readonly string[];
}

/** Each statement fills a line. */
export function script(file: string, parts: ScriptParts): NightMigration<never> {
  const { head = '', up, down, joins = true, byHand = [] } = parts;
  const lines = (statements: readonly string[]): string => statements.map((statement) => `${statement};`).join('\n');
  return { file, value: `${head}\n-- detent:up\n${lines(up)}\n-- detent:down\n${lines(down)}\n`, joins, byHand };
}

/** Makes a table, which its way back drops. */
export function code<Db extends { query(text: string): Promise<unknown> }>(
  file: string,
  table: string,
  { transaction, up }: Pick<NightCode<Db>, 'transaction' | 'up'>,
): NightMigration<Db> {
  return {
    file,
    joins: transaction === undefined,
    byHand: [`DROP TABLE IF EXISTS ${table}`],
    value: {
      ...(transaction === undefined ? {} : { transaction }),
      up,
      down: async (db) => void (await db.query(`DROP TABLE ${table}`)),
    },
  };
}

export function sourceOf<Db>(migrations: readonly NightMigration<Db>[]): MigrationSource {
  return fromModules(
    migrations.map(({ file, value }) => [file, typeof value === 'string' ? value : { ...value }] as const),
    { checksums: Object.fromEntries(migrations.map(({ file }) => [file, `v1:sha256:${hash('sha256', file)}`])) },
  );
}

export function idOf({ file }: Pick<NightMigration<never>, 'file'>): string {
  return String(Number(/^V(\d+)/.exec(file)?.[1]));
}

/** The statements of the way up, with their semicolons; `null` for code. */
export function upOf<Db>({ value }: NightMigration<Db>): readonly string[] | null {
  if (typeof value !== 'string') return null;
  const [, up = ''] = /detent:up\n([\s\S]*?)\n-- detent:down/.exec(value) ?? [];
  return up.split('\n').filter((line) => line !== '');
}

/** One of them fails at its statement number `after`, counting from 0, by `refused`, and leaves those before it. */
export function brokenIn<Db>(
  migrations: readonly NightMigration<Db>[],
  { id, after, refused }: { readonly id: string; readonly after: number; readonly refused: string },
): MigrationSource {
  return sourceOf(
    migrations.map((migration) => {
      const { value } = migration;
      const up = upOf(migration);
      if (idOf(migration) !== id || typeof value !== 'string' || up === null) return migration;
      const broken = up.toSpliced(after, 0, `${refused};`);
      return { ...migration, value: value.replace(up.join('\n'), () => broken.join('\n')) };
    }),
  );
}
