import { hostname, userInfo } from 'node:os';
import type { Settings } from '../config.ts';
import type { Events } from '../events.ts';
import { SchemaVersionService, type RunIdentity } from '../history/schema-version-service.ts';
import type { Lease, LockOwner } from '../ports/lock.ts';
import type { MigrationSession } from '../ports/session.ts';
import type { RunReport } from '../report.ts';
import type { Environment } from './environment.ts';

/** What every part of a run needs while it holds the lock. */
export interface RunContext<Db = unknown> {
  readonly settings: Settings<Db>;
  readonly session: MigrationSession<Db>;
  readonly versions: SchemaVersionService;
  readonly identity: RunIdentity;
  readonly lease: Lease;
  readonly events: Events;
  readonly signal: AbortSignal;
  /** Remarks for the result; they refuse nothing. */
  readonly warnings: string[];
}

export function contextOf<Db>(
  { settings, events }: Environment<Db>,
  run: {
    readonly session: MigrationSession<Db>;
    readonly owner: LockOwner;
    readonly lease: Lease;
    readonly signal: AbortSignal;
    readonly report: RunReport;
  },
): RunContext<Db> {
  const { session, owner, lease, signal, report } = run;
  const identity = { runId: owner.runId, username: owner.username, token: lease.token };
  const versions = new SchemaVersionService(session.history);
  return { settings, session, versions, identity, lease, events, signal, warnings: report.warnings };
}

export function ownerOf(settings: Pick<Settings, 'username'>, runId: string): LockOwner {
  return { runId, username: settings.username ?? systemUser(), host: hostname(), pid: process.pid };
}

export function warn(context: Pick<RunContext, 'warnings' | 'events'>, message: string): void {
  context.warnings.push(message);
  context.events.emit({ kind: 'warning', message });
}

/** A container may run under a number without a name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
