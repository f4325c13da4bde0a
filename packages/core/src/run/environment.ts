import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { BackupService } from '../backup/backup-service.ts';
import type { Settings } from '../config.ts';
import type { Connection } from '../connection.ts';
import type { Problem } from '../errors.ts';
import type { Events } from '../events.ts';
import { SchemaVersionService } from '../history/schema-version-service.ts';
import type { Plan } from '../plan/plan.ts';
import type { Lease, LockOwner } from '../ports/lock.ts';
import type { MigrationSession } from '../ports/session.ts';
import type { MigrationSource } from '../ports/source.ts';
import type { RunReport } from '../report.ts';
import { MigrationScanner } from '../scan/scanner.ts';
import { loadSteps, type Loaded, type Loader } from '../validate/pending.ts';
import type { RunContext } from './context.ts';

/** What would happen, and everything that speaks against it. */
export interface PlanReport<Db = unknown> {
  readonly plan: Plan;
  readonly loaded: Loaded<Db>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** What all operations of one executor share. */
export class Environment<Db> {
  readonly settings: Settings<Db>;
  readonly connection: Connection<Db>;
  readonly events: Events;
  #source: MigrationSource | null = null;

  constructor(settings: Settings<Db>, connection: Connection<Db>, events: Events) {
    this.settings = settings;
    this.connection = connection;
    this.events = events;
  }

  async scanner(session: MigrationSession<Db>): Promise<MigrationScanner> {
    return new MigrationScanner(
      await this.#migrations(),
      this.settings.adapter,
      new SchemaVersionService(session.history),
    );
  }

  backups(session: MigrationSession<Db>): BackupService {
    return new BackupService(session, this.settings, this.events);
  }

  owner(runId: string): LockOwner {
    return { runId, username: this.settings.username ?? systemUser(), host: hostname(), pid: process.pid };
  }

  context(
    session: MigrationSession<Db>,
    owner: LockOwner,
    lease: Lease,
    signal: AbortSignal,
    report: RunReport,
  ): RunContext<Db> {
    const { settings, events } = this;
    const identity = { runId: owner.runId, username: owner.username, token: lease.token };
    const versions = new SchemaVersionService(session.history);
    return { settings, session, versions, identity, lease, events, signal, warnings: report.warnings };
  }

  /** Phase 7: loads what the plan would run, and finds everything that speaks against it. */
  async check(session: MigrationSession<Db>, plan: Plan, known: Loader<Db>['known']): Promise<PlanReport<Db>> {
    const loaded = await loadSteps<Db>(plan, {
      settings: this.settings,
      rowOf: (id) => session.history.load(id),
      known,
    });
    const unfit = plan.steps.length === 0 ? [] : await this.backups(session).problems();
    return {
      plan,
      loaded,
      problems: [...plan.problems, ...loaded.problems, ...unfit],
      warnings: [...plan.warnings, ...loaded.warnings],
    };
  }

  async #migrations(): Promise<MigrationSource> {
    const { migrations, cwd, layout, ignore } = this.settings;
    if (typeof migrations !== 'string') return migrations;
    // Imported when there is a folder, so that a bundle of modules needs no file system.
    this.#source ??= (await import('../scan/directory.ts')).directory(resolve(cwd, migrations), { layout, ignore });
    return this.#source;
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
