import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { BackupService } from './backup/backup-service.ts';
import { checkOptions, restores, reverses, type Options, type Settings } from './config.ts';
import { Connection } from './connection.ts';
import { asDetentError, DetentError, misuse, type Problem } from './errors.ts';
import { Events, type LifecycleEvent, type Listener, type Operation } from './events.ts';
import { SchemaVersionService, type RunIdentity } from './history/schema-version-service.ts';
import { baselineRow, markRow, repairs, resolveRow, type MarkAs } from './history/maintenance.ts';
import { planDown, planRedo, type DownTarget } from './plan/down.ts';
import { planMigrate } from './plan/migrate.ts';
import type { Plan } from './plan/plan.ts';
import { statusOf, type Status } from './plan/status.ts';
import type { Manifest } from './ports/backup.ts';
import type { LedgerEvent } from './ports/history.ts';
import type { LockHolder, LockOwner } from './ports/lock.ts';
import type { MigrationSession, ServerInfo } from './ports/session.ts';
import type { MigrationSource } from './ports/source.ts';
import { RunReport, type Change, type MaintenanceResult } from './report.ts';
import type { MigrationResult } from './result.ts';
import { rewriteHistory } from './rollback/backup.ts';
import { changedAnything, RollbackService } from './rollback/rollback-service.ts';
import { type RunContext } from './run/context.ts';
import { runHook, runHookFiles } from './run/hooks.ts';
import { takeLock } from './run/locking.ts';
import { isStuck, recover } from './run/recovery.ts';
import { MigrationRunner, type RunOutcome } from './run/runner.ts';
import { MigrationScanner, type Scan } from './scan/scanner.ts';
import { loadSteps, type Loaded, type Loader } from './validate/pending.ts';
import { verifyHistory, type Verification } from './validate/verify.ts';

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

/** What would happen, and everything that speaks against it. */
export interface PlanReport<Db = unknown> {
  readonly plan: Plan;
  readonly loaded: Loaded<Db>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** The whole lifecycle of lifecycle.md for one database. Operations of one executor run one after another. */
export class MigrationScriptExecutor<Db = unknown> {
  readonly settings: Settings<Db>;
  readonly #events: Events;
  readonly #closing = new AbortController();
  readonly #connection: Connection<Db>;
  #source: MigrationSource | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  /** Throws `CONFIG` when the options are wrong. Connects to nothing. */
  constructor(options: Options<Db>) {
    this.settings = checkOptions(options);
    this.#connection = new Connection(this.settings, this.#closing.signal);
    this.#events = new Events((thrown) => this.settings.logger.warn(`A listener threw: ${String(thrown)}`));
  }

  /** Listens to one kind of event, or to all with `*`. Gives the way to stop listening. */
  on<Kind extends LifecycleEvent['kind']>(kind: Kind, listener: (event: Extract<LifecycleEvent, { kind: Kind }>) => void): () => void;
  on(kind: '*', listener: Listener): () => void;
  on(kind: string, listener: (event: never) => void): () => void {
    return this.#events.listen((event) => {
      if (kind === '*' || event.kind === kind) listener(event as never);
    });
  }

  /** Applies what is pending. */
  migrate(options: MigrateOptions = {}): Promise<MigrationResult> {
    return this.#change('migrate', (scan) => planMigrate(scan, this.settings, options.to ?? null), options);
  }

  /** Undoes the newest migration, the newest `steps`, or everything above `to`. */
  down(options: DownOptions = {}): Promise<MigrationResult> {
    return this.#change('down', (scan) => planDown(scan, this.settings, downTarget(options)), options);
  }

  /** Undoes the newest migration, or `version`, and applies its file again. */
  redo(options: RunOptions & { readonly version?: string } = {}): Promise<MigrationResult> {
    return this.#change('redo', (scan) => planRedo(scan, this.settings, options.version ?? null), options);
  }

  async #change(operation: Operation, planner: (scan: Scan) => Plan, { signal }: RunOptions): Promise<MigrationResult> {
    return this.#serial(async () => {
      const { settings } = this;
      const report = new RunReport(operation, settings, this.#events);
      const abort = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
      try {
        report.start();
        const session = await this.#connection.session('write');
        const versions = new SchemaVersionService(session.history);
        const scanner = new MigrationScanner(await this.#migrations(), settings.adapter, versions);
        const known: Loader<Db>['known'] = new WeakMap();
        let scan = await scanner.scan();
        let plan = planner(scan);
        report.planned(plan);
        if (!isStuck(scan)) {
          // Checked before the lock too, so that nothing at all is written when something is wrong.
          const { problems } = plan.kind === 'nothing' ? plan : await this.#check(session, plan, known);
          if (problems.length > 0 || plan.kind === 'nothing') return report.finish(problems);
        }

        const isDone = async (): Promise<boolean> => {
          scan = await scanner.rescan(scan);
          return !isStuck(scan) && planner(scan).kind === 'nothing';
        };
        const owner = this.#owner(report.runId);
        const lock = await takeLock({ lock: session.lock, owner, policy: settings.lock, events: this.#events, signal: abort, isDone });
        if (lock.kind === 'skipped') return report.skip(lock.holder);
        if (lock.kind === 'no-need') {
          report.planned(planner(scan));
          return report.finish([]);
        }
        await using lease = lock.lease;
        await versions.init();
        const context = this.#context(session, versions, owner, lease, abort, report);
        const backups = new BackupService(session, settings, this.#events);
        scan = await scanner.rescan(scan);
        await recover(context, scan, (running, ids, path) => finishRestore(running, backups, ids, path));
        scan = lock.waited ? await scanner.scan() : await scanner.rescan(scan);
        plan = planner(scan);
        report.planned(plan);
        const { loaded, problems } = await this.#check(session, plan, known);
        report.warn(loaded.warnings);
        if (problems.length > 0 || plan.kind === 'nothing') return report.finish(problems);
        this.#events.emit({ kind: 'planned', plan });
        return await this.#execute(context, backups, scan, plan, loaded, report);
      } catch (thrown) {
        return report.fail(thrown, abort);
      }
    });
  }

  /** Phases 8 to 12: what happens once nothing speaks against it. */
  async #execute(context: RunContext<Db>, backups: BackupService, scan: Scan, plan: Plan, loaded: Loaded<Db>, report: RunReport): Promise<MigrationResult> {
    const { settings, session, versions, identity, signal } = context;
    const { mode, keep, from } = settings.backup;
    await versions.append(identity, 'run-started', null, plan.operation);
    const fingerprint = reverses(settings.rollback) ? await session.fingerprint() : null;
    let backup: Manifest | null = null;
    if (restores(settings.rollback)) {
      if (mode === 'full' || mode === 'create-only') backup = await backups.backup(identity.runId, null, signal);
      else if (mode === 'restore-only' && from !== null) backup = await backups.open(from);
    }
    const own = mode === 'restore-only' ? null : backup;
    if (own !== null) report.backup(own, true);

    let outcome: RunOutcome<Db> = { done: [], failed: null, takenBack: [] };
    let first: DetentError | null = null;
    try {
      await runHook(context, 'beforeMigrate', (hook) => hook({ plan, db: session.db }));
      await runHookFiles(context, scan.hooks, 'beforeMigrate');
      const nextOrder = 1 + scan.history.entries.reduce((highest, entry) => Math.max(highest, entry.appliedOrder), 0);
      outcome = await new MigrationRunner<Db>(context, nextOrder).execute(loaded.steps);
      first = outcome.failed?.error ?? null;
      report.ran(outcome);
    } catch (thrown) {
      first = asDetentError(thrown, 'HOOK_FAILED', (words) => words);
    }
    if (first === null) {
      await runHookFiles(context, scan.hooks, 'afterMigrate');
      await runHook(context, 'afterMigrate', (hook) => hook({ plan, db: session.db }));
      await versions.append(identity, 'run-finished', null, JSON.stringify({ success: true, fingerprint: await session.fingerprint() }));
    } else {
      report.failed(first);
      if (first.code === 'LOCK_LOST' || first.code === 'CONNECTION') return report.lost(changedAnything(outcome));
      report.rolledBack(await new RollbackService(backups).rollback(context, outcome, { backup, fingerprint }));
    }
    if (own !== null && mode === 'full' && !keep && report.isClean) {
      await backups.deleteBackup(own);
      report.backup(own, false);
    }
    return report.finish([]);
  }

  /** What `migrate` would do. Executes nothing and writes nothing. */
  async plan(options: MigrateOptions = {}): Promise<PlanReport<Db>> {
    return this.#look((scan) => planMigrate(scan, this.settings, options.to ?? null));
  }

  /** What `down` would do. */
  async planDown(options: DownOptions = {}): Promise<PlanReport<Db>> {
    return this.#look((scan) => planDown(scan, this.settings, downTarget(options)));
  }

  /** What `redo` would do. */
  async planRedo(options: { readonly version?: string } = {}): Promise<PlanReport<Db>> {
    return this.#look((scan) => planRedo(scan, this.settings, options.version ?? null));
  }

  /** Every migration, in files and in the history, and what it is. */
  async status(): Promise<Status> {
    return this.#reading(async (session) => statusOf(await this.#scan(session), this.settings, await session.lock.holder()));
  }

  /** The newest `count` migrations of `status`, or all; oldest first. */
  async list(count?: number): Promise<Status['migrations']> {
    const { migrations } = await this.status();
    return count === undefined ? migrations : migrations.slice(-count);
  }

  /** Everything that would refuse a run: files, history, modules, strategy. Empty when nothing does. */
  async validate(): Promise<readonly Problem[]> {
    return (await this.plan()).problems;
  }

  /** Whether files, history, ledger and the live schema agree. */
  async verify(): Promise<Verification> {
    return this.#reading(async (session) => verifyHistory(await this.#scan(session), this.settings, session));
  }

  /** The newest lines of the ledger, oldest first. */
  async history(count: number | null = null): Promise<readonly LedgerEvent[]> {
    return this.#reading((session) => session.history.events(count));
  }

  /** What is on the other end, and who holds the lock. */
  async inspect(): Promise<{ readonly server: ServerInfo; readonly holder: LockHolder | null; readonly capabilities: MigrationSession['capabilities'] }> {
    return this.#reading(async ({ server, lock, capabilities }) => ({ server, capabilities, holder: await lock.holder() }));
  }

  /** Says that everything up to `version` is there already, so that it never runs. */
  baseline(options: RunOptions & { readonly version: string; readonly name?: string }): Promise<MaintenanceResult> {
    return this.#maintain('baseline', options, async (context, scan) => [await baselineRow(context, scan, options.version, options.name ?? 'baseline')]);
  }

  /** Writes `version` into the history, or takes it out, without running anything. */
  mark(options: RunOptions & { readonly version: string; readonly as: MarkAs; readonly reason?: string }): Promise<MaintenanceResult> {
    return this.#maintain('mark', options, async (context, scan) => [await markRow(context, scan, options.version, options.as, options.reason ?? null)]);
  }

  /** Says how a migration of which nobody can know ended. */
  resolve(options: RunOptions & { readonly version: string; readonly as: MarkAs; readonly reason?: string }): Promise<MaintenanceResult> {
    return this.#maintain('resolve', options, async (context, scan) => [await resolveRow(context, scan, options.version, options.as, options.reason ?? null)]);
  }

  /** Accepts edited files as they are now, and clears failed rows of which nothing stands. */
  repair(options: RunOptions = {}): Promise<MaintenanceResult> {
    return this.#maintain('repair', options, repairs);
  }

  /** Makes a backup that is kept. */
  backup(options: RunOptions & { readonly path?: string } = {}): Promise<MaintenanceResult & { readonly backup?: Manifest }> {
    let made: Manifest | undefined;
    const result = this.#maintain('backup', options, async ({ session, identity, signal, versions }) => {
      const service = new BackupService(session, this.settings, this.#events);
      const [obstacle] = await service.obstacles(options.path ?? null);
      if (obstacle !== undefined) throw new DetentError('BACKUP_UNFIT', `There can be no backup: ${obstacle}`, { hint: 'See `detent doctor`.' });
      made = await service.backup(identity.runId, options.path ?? null, signal);
      await versions.append(identity, 'backup', null, made.path);
      return [{ what: 'backup', detail: made.path }];
    });
    return result.then((value) => (made === undefined ? value : { ...value, backup: made }));
  }

  /** Puts a backup back, whatever was written since. */
  restore(options: RunOptions & { readonly path: string }): Promise<MaintenanceResult> {
    return this.#maintain('restore', options, async (context, scan) => {
      const service = new BackupService(context.session, this.settings, this.#events);
      const manifest = await service.open(options.path);
      const unfinished = scan.history.entries.filter(({ state }) => state !== 'applied' && state !== 'baseline').map(({ id }) => id);
      await service.restore(manifest, await rewriteHistory(context, unfinished, manifest));
      return [{ what: 'restored', detail: manifest.path }];
    });
  }

  /** Takes the lock away from whoever holds it. Gives who that was. */
  async unlock(options: { readonly fence?: boolean } = {}): Promise<LockHolder | null> {
    return this.#serial(async () => (await this.#connection.session('write')).lock.break({ fence: options.fence ?? false }));
  }

  /** Stops what runs, waits for its end and disconnects. */
  async close(): Promise<void> {
    this.#closing.abort(new DetentError('CANCELLED', 'The executor was closed.'));
    await this.#queue.catch(() => undefined);
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #maintain(
    operation: Operation,
    { signal }: RunOptions,
    work: (context: RunContext<Db>, scan: Scan) => Promise<readonly Change[]>,
  ): Promise<MaintenanceResult> {
    return this.#serial(async () => {
      const { settings } = this;
      const report = new RunReport(operation, settings, this.#events);
      const abort = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
      try {
        report.start();
        const session = await this.#connection.session('write');
        const versions = new SchemaVersionService(session.history);
        const owner = this.#owner(report.runId);
        const isDone = async (): Promise<boolean> => false;
        const lock = await takeLock({ lock: session.lock, owner, policy: { ...settings.lock, onHeld: settings.lock.onHeld === 'skip' ? 'fail' : settings.lock.onHeld }, events: this.#events, signal: abort, isDone });
        if (lock.kind !== 'acquired') throw new DetentError('INTERNAL', 'The lock was not taken.');
        await using lease = lock.lease;
        await versions.init();
        const context = this.#context(session, versions, owner, lease, abort, report);
        return report.maintained(await work(context, await this.#scan(session)));
      } catch (thrown) {
        return report.unmaintained(thrown, abort);
      }
    });
  }

  #look(planner: (scan: Scan) => Plan): Promise<PlanReport<Db>> {
    return this.#reading(async (session) => this.#check(session, planner(await this.#scan(session))));
  }

  /** Phase 7: loads what the plan would run, and finds everything that speaks against it. */
  async #check(session: MigrationSession<Db>, plan: Plan, known: Loader<Db>['known'] = new WeakMap()): Promise<PlanReport<Db>> {
    const loaded = await loadSteps<Db>(plan, { settings: this.settings, rowOf: (id) => session.history.load(id), known });
    const unfit = plan.steps.length === 0 ? [] : await new BackupService(session, this.settings, this.#events).problems();
    return { plan, loaded, problems: [...plan.problems, ...loaded.problems, ...unfit], warnings: [...plan.warnings, ...loaded.warnings] };
  }

  #context(session: MigrationSession<Db>, versions: SchemaVersionService, owner: LockOwner, lease: RunContext['lease'], signal: AbortSignal, report: RunReport): RunContext<Db> {
    const identity: RunIdentity = { runId: owner.runId, username: owner.username, token: lease.token };
    return { settings: this.settings, session, versions, identity, lease, events: this.#events, signal, warnings: report.warnings };
  }

  async #scan(session: MigrationSession<Db>): Promise<Scan> {
    return new MigrationScanner(await this.#migrations(), this.settings.adapter, new SchemaVersionService(session.history)).scan();
  }

  async #migrations(): Promise<MigrationSource> {
    const { migrations, cwd, layout } = this.settings;
    if (typeof migrations !== 'string') return migrations;
    // Imported when there is a folder, so that a bundle of modules needs no file system.
    this.#source ??= (await import('./scan/directory.ts')).directory(resolve(cwd, migrations), { layout });
    return this.#source;
  }

  #owner(runId: string): LockOwner {
    return { runId, username: this.settings.username ?? systemUser(), host: hostname(), pid: process.pid };
  }

  #reading<T>(work: (session: MigrationSession<Db>) => Promise<T>): Promise<T> {
    return this.#serial(async () => work(await this.#connection.session('read')));
  }

  /** One after another: they share a session. A session that an error may have broken is not used again. */
  #serial<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(misuse('The executor is closed.'));
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}

async function finishRestore<Db>(context: RunContext<Db>, backups: BackupService, ids: readonly string[], path: string): Promise<void> {
  const manifest = await backups.open(path);
  await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
}

function downTarget(options: DownOptions): DownTarget {
  if (options.to !== undefined && options.steps !== undefined) throw misuse('down takes `to` or `steps`, not both.');
  if (options.to !== undefined) return { to: options.to };
  const { steps = 1 } = options;
  if (!Number.isInteger(steps) || steps < 1) throw misuse(`steps must be a whole number above 0, not ${steps}.`);
  return { steps };
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
