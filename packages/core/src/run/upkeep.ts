import { BackupService } from '../backup/backup-service.ts';
import { DetentError } from '../errors.ts';
import {
  baselineRow,
  checkTakeOver,
  takeOverRows,
  checkBaseline,
  findMarkable,
  findUnsettled,
  markRow,
  repairs,
  resolveRow,
  type MarkAs,
} from '../history/maintenance.ts';
import type { Manifest } from '../ports/backup.ts';
import type { MigrationSession } from '../ports/session.ts';
import { rewriteHistory } from '../rollback/backup.ts';
import { isApplied } from '../scan/selector.ts';
import type { Environment } from './environment.ts';
import type { Upkeep } from './maintain.ts';

/** What is said of one migration by hand. */
export interface Mark {
  readonly version: string;
  readonly as: MarkAs;
  readonly reason: string | null;
}

export function baselineUpkeep<Db>(version: string, name: string): Upkeep<Db> {
  return {
    operation: 'baseline',
    check: async (_session, scan) => checkBaseline(scan, version),
    work: async (context, scan) => [await baselineRow(context, scan, version, name)],
  };
}

/** Takes over what another tool says is applied. */
export function takeOverUpkeep<Db>(): Upkeep<Db> {
  return {
    operation: 'baseline',
    check: async (session, scan) => void checkTakeOver(scan, await session.foreignHistory()),
    work: async (context, scan) =>
      takeOverRows(context, scan, checkTakeOver(scan, await context.session.foreignHistory())),
  };
}

export function markUpkeep<Db>({ version, as, reason }: Mark): Upkeep<Db> {
  return {
    operation: 'mark',
    check: async ({ history }, scan) => void (await findMarkable({ versions: history }, scan, version, as)),
    work: async (context, scan) => [await markRow(context, scan, version, as, reason)],
  };
}

export function resolveUpkeep<Db>({ version, as, reason }: Mark): Upkeep<Db> {
  return {
    operation: 'resolve',
    check: async ({ history }, scan) => void (await findUnsettled({ versions: history }, scan, version)),
    work: async (context, scan) => [await resolveRow(context, scan, version, as, reason)],
  };
}

export function repairUpkeep<Db>(): Upkeep<Db> {
  return { operation: 'repair', check: async () => undefined, work: repairs };
}

/** `onMade` hears of the backup as soon as it is there. */
export function backupUpkeep<Db>(
  environment: Environment<Db>,
  path: string | null,
  onMade: (manifest: Manifest) => void,
): Upkeep<Db> {
  return {
    operation: 'backup',
    check: async (session) => {
      const [obstacle] = await backupsOf(environment, session).obstacles(path);
      if (obstacle === undefined) return;
      throw new DetentError('BACKUP_UNFIT', `There can be no backup: ${obstacle}`, { hint: 'See `detent doctor`.' });
    },
    work: async ({ session, identity, signal, versions }) => {
      const made = await backupsOf(environment, session).backup(identity.runId, path, signal);
      onMade(made);
      await versions.append(identity, 'backup', null, made.path);
      return [{ what: 'backup', detail: made.path }];
    },
  };
}

export function restoreUpkeep<Db>(environment: Environment<Db>, path: string): Upkeep<Db> {
  return {
    operation: 'restore',
    check: async (session) => void (await backupsOf(environment, session).open(path)),
    work: async (context, scan) => {
      const backups = backupsOf(environment, context.session);
      const manifest = await backups.open(path);
      const unfinished = scan.history.entries.filter((entry) => !isApplied(entry)).map(({ id }) => id);
      await backups.restore(manifest, await rewriteHistory(context, unfinished, manifest));
      return [{ what: 'restored', detail: manifest.path }];
    },
  };
}

function backupsOf<Db>({ settings, events }: Environment<Db>, session: MigrationSession<Db>): BackupService {
  return new BackupService(session, settings, events);
}
