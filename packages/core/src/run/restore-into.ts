import { Connection } from '../connection.ts';
import { misuse } from '../errors.ts';
import type { CreatedDatabase } from '../ports/adapter.ts';
import { RunReport, type MaintenanceResult } from '../report.ts';
import { Environment } from './environment.ts';
import { maintain } from './maintain.ts';
import { restoreUpkeep } from './upkeep.ts';

/**
 * Puts a backup into a new database beside the one that the environment is of, which is not touched. What was made is taken
 * away again when that fails. `swap`: then the two exchange their names; when that fails, both stay what they are. Throws
 * `CONFIG` where the adapter cannot make one, or one of that name is there.
 */
export async function restoreInto<Db>(
  { settings, events, connection: own }: Environment<Db>,
  { path, into, swap }: { readonly path: string; readonly into: string; readonly swap: boolean },
  signal: AbortSignal,
): Promise<MaintenanceResult> {
  const { adapter, timeouts } = settings;
  if (adapter.createDatabase === undefined)
    throw misuse(
      `${adapter.target} can have no other database made beside it here.`,
      'Make an empty one, and name it by its URL in place of this one.',
    );
  const { connectMs: connectTimeoutMs } = timeouts;
  let created: CreatedDatabase<Db>;
  try {
    // It would stand in the way of itself.
    if (swap) await own.close();
    created = await adapter.createDatabase(into, { connectTimeoutMs, signal, swap });
  } catch (thrown) {
    return new RunReport('restore', settings, events).unmaintained(thrown, signal);
  }
  const there = { ...settings, adapter: created.adapter };
  const connection = new Connection(there, signal);
  const environment = new Environment(there, connection, events);
  const result = await maintain(environment, restoreUpkeep(environment, path), signal);
  await connection.close();
  if (!result.success) {
    await created.drop();
    return result;
  }
  const changes = [...result.changes, { what: 'into', detail: created.adapter.target }];
  if (!swap) return { ...result, changes };
  try {
    await created.swap();
  } catch (thrown) {
    return { ...new RunReport('restore', settings, events).unmaintained(thrown, signal), changes };
  }
  return { ...result, changes: [...changes, { what: 'swapped', detail: adapter.target }] };
}
