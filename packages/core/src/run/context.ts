import type { Settings } from '../config.ts';
import type { Events } from '../events.ts';
import type { RunIdentity, SchemaVersionService } from '../history/schema-version-service.ts';
import type { Lease } from '../ports/lock.ts';
import type { MigrationSession } from '../ports/session.ts';

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

export function warn(context: Pick<RunContext, 'warnings' | 'events'>, message: string): void {
  context.warnings.push(message);
  context.events.emit({ kind: 'warning', message });
}
