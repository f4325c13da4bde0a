import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  MigrationScriptExecutor,
  type DatabaseAdapter,
  type MigrationSession,
  type MigrationSource,
  type OpenOptions,
  type Options,
} from '@detent/core';
import { commandsOf, sourceOf, type Draft, type Op } from './draft.ts';
import type { Abilities } from './expected-course.ts';
import type { ConformanceTarget, TestDatabase } from './target.ts';

/** Makes an adapter into a broken one, so that the kit can be shown to notice. */
export type Tampering<Db> = (adapter: DatabaseAdapter<Db>) => DatabaseAdapter<Db>;

/** One database and one folder for backups, both gone at the end. */
export interface Workplace<Db> extends AsyncDisposable {
  readonly target: ConformanceTarget<Db>;
  readonly database: TestDatabase;
  readonly adapter: DatabaseAdapter<Db>;
  readonly folder: string;
  executor(
    migrations: readonly Draft[] | MigrationSource | string,
    options?: ExecutorOptions<Db>,
  ): MigrationScriptExecutor<Db>;
  /** A session of its own, to be closed by whoever opened it. */
  open(options?: Partial<OpenOptions>): Promise<MigrationSession<Db>>;
  /** Applies commands without Detent. */
  apply(ops: readonly Op[]): Promise<void>;
}

export type ExecutorOptions<Db> = Omit<Partial<Options<Db>>, 'adapter' | 'migrations'>;

export async function openWorkplace<Db>(
  target: ConformanceTarget<Db>,
  tamper: Tampering<Db> = (adapter) => adapter,
): Promise<Workplace<Db>> {
  const database = await target.createDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'detent-workplace-'));
  const adapter = tamper(target.adapter(database.url));
  const open: MigrationScriptExecutor<Db>[] = [];
  return {
    target,
    database,
    adapter,
    folder,
    executor(migrations, options = {}) {
      const source =
        typeof migrations === 'string' || 'discover' in migrations ? migrations : sourceOf(migrations, target.language);
      const executor = new MigrationScriptExecutor<Db>({
        cwd: folder,
        username: 'tester',
        ...options,
        adapter,
        migrations: source,
      });
      open.push(executor);
      return executor;
    },
    open: (options = {}) => adapter.open({ ...OPEN, ...options }),
    apply: (ops) => database.query(...commandsOf(ops, target.language)),
    async [Symbol.asyncDispose]() {
      for (const executor of open) await executor.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const quiet = (): void => undefined;

const OPEN: OpenOptions = {
  table: 'schema_version',
  schema: null,
  readOnly: false,
  connectTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
  statementTimeoutMs: 0,
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
};

/** Found out by asking a session. */
export async function abilitiesOf<Db>(place: Workplace<Db>): Promise<Abilities> {
  const session = await place.open({ readOnly: true });
  const { transactionalDdl, together } = session.capabilities;
  await session.close();
  const { language, limits } = place.target;
  return {
    transactionalDdl,
    scripts: language.extension !== null,
    together: together === true,
    backups: limits?.backups === undefined,
  };
}

/** Digests of databases on which commands were applied plainly, each made once. */
export class References<Db> {
  readonly #target: ConformanceTarget<Db>;
  readonly #known = new Map<string, Promise<string>>();

  constructor(target: ConformanceTarget<Db>) {
    this.#target = target;
  }

  digestOf(trail: readonly Op[]): Promise<string> {
    const lasting = trail.filter((op) => op.kind !== 'alone');
    const key = JSON.stringify(lasting);
    let digest = this.#known.get(key);
    if (digest === undefined) this.#known.set(key, (digest = this.#make(lasting)));
    return digest;
  }

  async #make(trail: readonly Op[]): Promise<string> {
    const database = await this.#target.createDatabase();
    try {
      if (trail.length > 0) await database.query(...commandsOf(trail, this.#target.language));
      return await database.digest();
    } finally {
      await database.drop();
    }
  }
}
