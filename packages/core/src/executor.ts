import { checkOptions, type Options, type Settings } from './config.ts';
import { Connection } from './connection.ts';
import { DetentError, misuse, type Problem } from './errors.ts';
import { Events, type LifecycleEvent, type Listener, type Operation } from './events.ts';
import type { MarkAs } from './history/maintenance.ts';
import type { DownTarget } from './plan/down.ts';
import { planMigrate } from './plan/migrate.ts';
import type { Plan } from './plan/plan.ts';
import { isUnended, statusOf, type Status } from './plan/status.ts';
import type { Capabilities } from './ports/adapter.ts';
import type { Manifest } from './ports/backup.ts';
import type { HistoryRow, LedgerEvent } from './ports/history.ts';
import type { LockHolder } from './ports/lock.ts';
import type { MigrationSession, ServerInfo } from './ports/session.ts';
import type { MaintenanceResult } from './report.ts';
import type { MigrationResult } from './result.ts';
import type { PlanReport } from './run/check.ts';
import { Environment } from './run/environment.ts';
import { changeDatabase } from './run/look.ts';
import type { Upkeep } from './run/maintain.ts';
import type * as Verbs from './run/upkeep.ts';
import type { Scan } from './scan/scanner.ts';
import type { Verification } from './validate/verify.ts';

export interface RunOptions {
  readonly signal?: AbortSignal;
}

export interface MigrateOptions extends RunOptions {
  /** The last version to apply; repeatable migrations are left out then. */
  readonly to?: string;
}

/** One migration unless told otherwise; `to` and `steps` exclude each other. */
export interface DownOptions extends RunOptions {
  /** The version to go back to, which stays applied; `0` is the beginning. */
  readonly to?: string;
  readonly steps?: number;
}

export interface RedoOptions extends RunOptions {
  readonly version?: string;
}

export interface MarkOptions extends RunOptions {
  readonly version: string;
  readonly as: MarkAs;
  /** Kept in the ledger. */
  readonly reason?: string;
}

/** What is at the other end. */
export interface Inspection {
  readonly server: ServerInfo;
  readonly capabilities: Capabilities;
  readonly holder: LockHolder | null;
}

/** All that can be done with the migrations of one database. Operations of one executor run one after another. */
export class MigrationScriptExecutor<Db = unknown> {
  readonly settings: Settings<Db>;
  readonly #environment: Environment<Db>;
  readonly #closing = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();

  /** Throws `CONFIG` when the options are wrong. Connects to nothing. */
  constructor(options: Options<Db>) {
    this.settings = checkOptions(options);
    const events = new Events((thrown) => this.settings.logger.warn(`A listener threw: ${String(thrown)}`));
    const connection = new Connection(this.settings, this.#closing.signal);
    this.#environment = new Environment(this.settings, connection, events);
  }

  /** Listens to one kind of event, or to all with `*`. Gives the way to stop listening. */
  on<Kind extends LifecycleEvent['kind']>(
    kind: Kind,
    listener: (event: Extract<LifecycleEvent, { kind: Kind }>) => void,
  ): () => void;
  on(kind: '*', listener: Listener): () => void;
  on(kind: string, listener: (event: never) => void): () => void {
    return this.#environment.events.listen((event) => {
      if (kind === '*' || event.kind === kind) listener(event as never);
    });
  }

  /** Applies what is pending. */
  migrate(options: MigrateOptions = {}): Promise<MigrationResult> {
    return this.#change('migrate', async () => (scan) => planMigrate(scan, this.settings, options.to ?? null), options);
  }

  /** Undoes the newest migration, the newest `steps`, or everything above `to`. */
  down(options: DownOptions = {}): Promise<MigrationResult> {
    const target = downTarget(options);
    return this.#change('down', () => this.#downPlanner(target), options);
  }

  /** Undoes the newest migration, or `version`, and applies its file again. */
  redo(options: RedoOptions = {}): Promise<MigrationResult> {
    return this.#change('redo', () => this.#redoPlanner(options), options);
  }

  /** What `migrate` would do. Executes nothing and writes nothing. */
  plan(options: MigrateOptions = {}): Promise<PlanReport<Db>> {
    return this.#look(async () => (scan) => planMigrate(scan, this.settings, options.to ?? null));
  }

  /** What `down` would do. */
  planDown(options: DownOptions = {}): Promise<PlanReport<Db>> {
    const target = downTarget(options);
    return this.#look(() => this.#downPlanner(target));
  }

  /** What `redo` would do. */
  planRedo(options: RedoOptions = {}): Promise<PlanReport<Db>> {
    return this.#look(() => this.#redoPlanner(options));
  }

  /** Every migration, in files and in the history, and what it is. */
  status(): Promise<Status> {
    return this.#read(async (session, scan) => {
      const scanned = await scan();
      const rows: HistoryRow[] = [];
      for (const { id } of scanned.history.entries.filter(isUnended)) {
        const row = await session.history.load(id);
        if (row !== null) rows.push(row);
      }
      return statusOf(scanned, this.settings, { holder: await session.lock.holder(), rows });
    });
  }

  /** The newest `count` migrations of `status`, or all; oldest first. */
  async list(count?: number): Promise<Status['migrations']> {
    const { migrations } = await this.status();
    return count === undefined ? migrations : migrations.slice(-count);
  }

  /** Everything that would refuse a run: files, history, modules, strategy. Empty when nothing does. */
  async validate(): Promise<readonly Problem[]> {
    const settings = { ...this.settings, onMissing: 'error' } as const;
    return (await this.#look(async () => (scan) => planMigrate(scan, settings, null))).problems;
  }

  /** Whether files, history, ledger and the live schema agree. */
  verify(): Promise<Verification> {
    return this.#read(async (session, scan) => {
      const { verifyHistory } = await import('./validate/verify.ts');
      return verifyHistory(await scan(), this.settings, session);
    });
  }

  /** The newest lines of the ledger, oldest first. */
  history(count: number | null = null): Promise<readonly LedgerEvent[]> {
    return this.#read((session) => session.history.events(count));
  }

  inspect(): Promise<Inspection> {
    return this.#read(async ({ server, capabilities, lock }) => ({
      server,
      capabilities,
      holder: await lock.holder(),
    }));
  }

  /**
   * Says that everything up to `version` is there already, so that it never runs. Without a version: that everything is
   * there which the history of another tool in this database says is.
   */
  baseline(options: RunOptions & { readonly version?: string; readonly name?: string }): Promise<MaintenanceResult> {
    const { version, name = 'baseline' } = options;
    return this.#maintain(options, ({ baselineUpkeep, takeOverUpkeep }) =>
      version === undefined ? takeOverUpkeep() : baselineUpkeep(version, name),
    );
  }

  /** Writes `version` into the history, or takes it out, without running anything. */
  mark({ version, as, reason, ...options }: MarkOptions): Promise<MaintenanceResult> {
    return this.#maintain(options, ({ markUpkeep }) => markUpkeep({ version, as, reason: reason ?? null }));
  }

  /** Says how a migration ended of which nobody can know. */
  resolve({ version, as, reason, ...options }: MarkOptions): Promise<MaintenanceResult> {
    return this.#maintain(options, ({ resolveUpkeep }) => resolveUpkeep({ version, as, reason: reason ?? null }));
  }

  /** Accepts edited files as they are now, and clears failed rows of which nothing stands. */
  repair(options: RunOptions = {}): Promise<MaintenanceResult> {
    return this.#maintain(options, ({ repairUpkeep }) => repairUpkeep());
  }

  /** Makes a backup that is kept; in the configured folder unless a path is given. */
  async backup(
    options: RunOptions & { readonly path?: string } = {},
  ): Promise<MaintenanceResult & { readonly backup?: Manifest }> {
    let backup: Manifest | undefined;
    const result = await this.#maintain(options, ({ backupUpkeep }) =>
      backupUpkeep(this.#environment, options.path ?? null, (made) => (backup = made)),
    );
    return backup === undefined ? result : { ...result, backup };
  }

  /**
   * Puts a backup back, whatever was written since; or, with `into`, into a new database of that name, touching nothing.
   * With `swap` the two then exchange their names, so that `into` is what was in use.
   */
  restore(
    options: RunOptions & { readonly path: string; readonly into?: string; readonly swap?: boolean },
  ): Promise<MaintenanceResult> {
    const { path, into, swap = false } = options;
    if (into !== undefined)
      return this.#serial(async () => {
        const { restoreInto } = await import('./run/restore-into.ts');
        return restoreInto(this.#environment, { path, into, swap }, this.#signalOf(options));
      });
    if (swap) return Promise.reject(misuse('swap needs `into`.', 'Name the new database by `into`.'));
    return this.#maintain(options, ({ restoreUpkeep }) => restoreUpkeep(this.#environment, options.path));
  }

  /** Takes the lock away from whoever holds it. Gives who that was. */
  unlock(options: { readonly fence?: boolean } = {}): Promise<LockHolder | null> {
    const { connection } = this.#environment;
    return this.#serial(async () => (await connection.session('write')).lock.break({ fence: options.fence ?? false }));
  }

  /** Stops what runs, waits for its end and disconnects. */
  async close(): Promise<void> {
    this.#closing.abort(new DetentError('CANCELLED', 'The executor was closed.'));
    await this.#queue;
    await this.#environment.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #downPlanner(target: DownTarget): Promise<Planner> {
    const { planDown } = await import('./plan/down.ts');
    return (scan) => planDown(scan, this.settings, target);
  }

  async #redoPlanner({ version }: RedoOptions): Promise<Planner> {
    const { planRedo } = await import('./plan/down.ts');
    return (scan) => planRedo(scan, this.settings, version ?? null);
  }

  #change(operation: Operation, planner: () => Promise<Planner>, options: RunOptions): Promise<MigrationResult> {
    return this.#serial(async () =>
      changeDatabase(this.#environment, operation, await planner(), this.#signalOf(options)),
    );
  }

  #maintain(options: RunOptions, choose: (verbs: typeof Verbs) => Upkeep<Db>): Promise<MaintenanceResult> {
    return this.#serial(async () => {
      const [{ maintain }, verbs] = await Promise.all([import('./run/maintain.ts'), import('./run/upkeep.ts')]);
      return maintain(this.#environment, choose(verbs), this.#signalOf(options));
    });
  }

  #look(planner: () => Promise<Planner>): Promise<PlanReport<Db>> {
    return this.#read(async (session, scan) => {
      const { checkPlan } = await import('./run/check.ts');
      const plan = await planner();
      return checkPlan(this.#environment, session, plan(await scan()), new WeakMap());
    });
  }

  #read<T>(work: (session: MigrationSession<Db>, scan: () => Promise<Scan>) => Promise<T>): Promise<T> {
    const environment = this.#environment;
    return this.#serial(async () => {
      const session = await environment.connection.session('read');
      return work(session, async () => environment.scanner(session).scan());
    });
  }

  /** One after another: they share a session. */
  #serial<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(misuse('The executor is closed.', 'Make another one.'));
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  #signalOf({ signal }: RunOptions): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
  }
}

type Planner = (scan: Scan) => Plan;

function downTarget({ to, steps }: DownOptions): DownTarget {
  if (to !== undefined && steps !== undefined) throw misuse('down takes `to` or `steps`, not both.', 'Leave one out.');
  if (to !== undefined) return { to };
  if (steps !== undefined && (!Number.isInteger(steps) || steps < 1)) {
    throw misuse(`steps must be a whole number above 0, not ${steps}.`, 'Leave it out for one step.');
  }
  return { steps: steps ?? 1 };
}
