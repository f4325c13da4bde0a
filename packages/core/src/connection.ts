import type { Settings } from './config.ts';
import { DetentError } from './errors.ts';
import type { OpenOptions } from './ports/adapter.ts';
import type { MigrationSession } from './ports/session.ts';

const EVERY_MS = 500;

/** Keeps the one session of an executor: opened when it is first needed, and again when writing needs more than reading. */
export class Connection<Db> {
  readonly #settings: Settings<Db>;
  readonly #signal: AbortSignal;
  #open: { readonly access: 'read' | 'write'; readonly session: MigrationSession<Db> } | null = null;

  constructor(settings: Settings<Db>, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
  }

  /** `signal` ends only the waiting for a database that is not there yet. */
  async session(access: 'read' | 'write', signal: AbortSignal = this.#signal): Promise<MigrationSession<Db>> {
    if (this.#open !== null && (this.#open.access === 'write' || access === 'read')) return this.#open.session;
    await this.close();
    const { table, schema, timeouts, logger, rollback } = this.#settings;
    const session = await this.#openPatiently(
      {
        table,
        schema,
        logger,
        readOnly: access === 'read',
        mayRestore: rollback === 'backup' || rollback === 'both',
        connectTimeoutMs: timeouts.connectMs,
        lockTimeoutMs: timeouts.lockMs,
        statementTimeoutMs: timeouts.statementMs,
        signal: this.#signal,
      },
      signal,
    );
    this.#open = { access, session };
    return session;
  }

  /** A server may still be starting beside the program that brings its migrations. */
  async #openPatiently(options: OpenOptions, signal: AbortSignal): Promise<MigrationSession<Db>> {
    const { adapter, timeouts, logger } = this.#settings;
    const until = Date.now() + timeouts.waitMs;
    for (let told = false; ; told = true) {
      try {
        return await adapter.open(options);
      } catch (thrown) {
        if (!(thrown instanceof DetentError) || thrown.code !== 'CONNECTION' || Date.now() >= until) throw thrown;
        if (!told) logger.warn(`${thrown.message} Trying again for up to ${Math.ceil(timeouts.waitMs / 1_000)} s.`);
      }
      const { setTimeout: sleep } = await import('node:timers/promises');
      await sleep(EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.session.close();
  }
}
