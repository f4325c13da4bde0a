import type { Settings } from './config.ts';
import type { MigrationSession } from './ports/session.ts';

/** Keeps the one session of an executor: opened when it is first needed, and again when writing needs more than reading. */
export class Connection<Db> {
  readonly #settings: Settings<Db>;
  readonly #signal: AbortSignal;
  #open: { readonly access: 'read' | 'write'; readonly session: MigrationSession<Db> } | null = null;

  constructor(settings: Settings<Db>, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
  }

  async session(access: 'read' | 'write'): Promise<MigrationSession<Db>> {
    if (this.#open !== null && (this.#open.access === 'write' || access === 'read')) return this.#open.session;
    await this.close();
    const { adapter, table, schema, timeouts, logger, rollback } = this.#settings;
    const session = await adapter.open({
      table,
      schema,
      logger,
      readOnly: access === 'read',
      mayRestore: rollback === 'backup' || rollback === 'both',
      connectTimeoutMs: timeouts.connectMs,
      lockTimeoutMs: timeouts.lockMs,
      statementTimeoutMs: timeouts.statementMs,
      signal: this.#signal,
    });
    this.#open = { access, session };
    return session;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.session.close();
  }
}
