import { MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import type { SqliteJob } from '../job.ts';
import { contend } from './contend.ts';

await contend({ migrate, backup, restore, load });

function executorOf({ folder, database, journalMode, sync }: SqliteJob) {
  const synchronous = sync === 'each' ? 'full' : undefined;
  return new MigrationScriptExecutor({
    adapter: sqlite({ url: database, journalMode, synchronous }),
    migrations: folder,
  });
}

async function migrate(job: SqliteJob): Promise<number> {
  await using executor = executorOf(job);
  const { errors, executed } = await executor.migrate();
  if (errors[0] !== undefined) throw errors[0];
  return executed.length;
}

async function backup(job: SqliteJob): Promise<number> {
  await using executor = executorOf(job);
  const { errors } = await executor.backup({ path: job.backup });
  if (errors[0] !== undefined) throw errors[0];
  return 1;
}

async function restore(job: SqliteJob): Promise<number> {
  await using executor = executorOf(job);
  const { errors } = await executor.restore({ path: job.backup });
  if (errors[0] !== undefined) throw errors[0];
  return 1;
}

/** Planning loads every pending migration and runs none. */
async function load(job: SqliteJob): Promise<number> {
  await using executor = executorOf(job);
  const { problems, loaded } = await executor.plan();
  if (problems[0] !== undefined) throw problems[0];
  return loaded.steps.length;
}
