import { MigrationScriptExecutor } from '@detent/core';
import { mysql } from '@detent/mysql';
import type { MysqlJob as Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate, backup, restore });

function executorOf({ folder, database, method }: Job) {
  return new MigrationScriptExecutor({ adapter: mysql({ url: database, backup: method }), migrations: folder });
}

async function migrate(job: Job): Promise<number> {
  await using executor = executorOf(job);
  const { errors, executed } = await executor.migrate();
  if (errors[0] !== undefined) throw errors[0];
  return executed.length;
}

async function backup(job: Job): Promise<number> {
  await using executor = executorOf(job);
  const { errors } = await executor.backup({ path: job.backup });
  if (errors[0] !== undefined) throw errors[0];
  return 1;
}

async function restore(job: Job): Promise<number> {
  await using executor = executorOf(job);
  const { errors } = await executor.restore({ path: job.backup });
  if (errors[0] !== undefined) throw errors[0];
  return 1;
}
