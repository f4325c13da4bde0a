import type { MigrationScriptExecutor, StatusWord } from '@detent/core';

/** As Terminus takes it from an indicator. */
export type HealthResult<Key extends string> = Record<
  Key,
  { readonly status: 'up' | 'down'; readonly version: string | null; readonly pending: number }
>;

/** What the next run would take up. */
const OPEN: ReadonlySet<StatusWord> = new Set(['pending', 'running', 'failed', 'rolling_back']);

/** Whether the database is where the application's migrations are. */
export class DetentHealthIndicator {
  readonly #executor: MigrationScriptExecutor;

  constructor(executor: MigrationScriptExecutor) {
    this.#executor = executor;
  }

  /** Down when something is pending or wrong. Rejects when the database cannot be asked. */
  async isHealthy<Key extends string = 'migrations'>(key: Key = 'migrations' as Key): Promise<HealthResult<Key>> {
    const { version, migrations, problems } = await this.#executor.status();
    const pending = migrations.filter(({ status }) => OPEN.has(status)).length;
    const isUp = pending === 0 && problems.length === 0;
    return { [key]: { status: isUp ? 'up' : 'down', version, pending } } as HealthResult<Key>;
  }
}
