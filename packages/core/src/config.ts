import { checkShape, type Shape } from './config-shape.ts';
import { misuse } from './errors.ts';
import type { DatabaseAdapter } from './ports/adapter.ts';
import type { Logger } from './ports/logger.ts';
import type { MigrationSource } from './ports/source.ts';
import type { StepInfo } from './events.ts';
import type { Plan } from './plan/plan.ts';

/** What a failed run does beyond what its transactions undo. */
export type RollbackStrategy = 'none' | 'down' | 'backup' | 'both';
/** One transaction for each migration, one for the run, or none. */
export type TransactionMode = 'each' | 'all' | 'none';
/** `full` makes and restores; `create-only` never restores; `restore-only` restores a named backup; `manual` does neither. */
export type BackupMode = 'full' | 'create-only' | 'restore-only' | 'manual';
export type Layout = 'auto' | 'detent' | 'flyway' | 'golang-migrate' | 'goose' | 'dbmate' | 'migrate-mongo';

/** Functions of the application around a run. `before…` may stop it by throwing; `after…` is only an observer. */
export interface Hooks<Db = unknown> {
  beforeMigrate?(context: { readonly plan: Plan; readonly db: Db }): Promise<void> | void;
  afterMigrate?(context: { readonly plan: Plan; readonly db: Db }): Promise<void> | void;
  beforeEach?(context: { readonly step: StepInfo; readonly db: Db }): Promise<void> | void;
  afterEach?(context: { readonly step: StepInfo; readonly db: Db }): Promise<void> | void;
}

/** What a user writes. Everything but the adapter has a default; see `defaultSettings`. */
export interface Options<Db = unknown> {
  readonly adapter: DatabaseAdapter<Db>;
  /** A folder, or a source such as `fromModules({...})`. */
  readonly migrations?: string | MigrationSource;
  /** What relative paths are relative to. */
  readonly cwd?: string;
  readonly layout?: Layout;
  /** Globs of what is no migration although it is in the folder: `drafts`, `*.test.ts`. */
  readonly ignore?: readonly string[];
  readonly table?: string;
  readonly schema?: string;
  readonly transaction?: TransactionMode;
  readonly rollback?: RollbackStrategy;
  readonly backup?: {
    readonly mode?: BackupMode;
    readonly folder?: string;
    /** Keep it after success too. */
    readonly keep?: boolean;
    /** The backup that `restore-only` puts back. */
    readonly from?: string;
  };
  readonly lock?: {
    readonly onHeld?: 'wait' | 'fail' | 'skip';
    /** How long to wait while the holder shows no sign of life. */
    readonly waitMs?: number;
  };
  readonly timeouts?: {
    readonly connectMs?: number;
    /** How long to try again where there is no connection. */
    readonly waitMs?: number;
    readonly lockMs?: number;
    readonly statementMs?: number;
  };
  readonly outOfOrder?: 'error' | 'run' | 'ignore';
  readonly onAhead?: 'warn' | 'error';
  readonly onMissing?: 'warn' | 'error';
  /** What a statement that destroys data needs: nothing, a warning, or `-- detent:allow …` in its file. */
  readonly destructive?: 'allow' | 'warn' | 'error';
  /** Values for `${name}` in SQL files; without this they are left alone. */
  readonly placeholders?: Readonly<Record<string, string>>;
  readonly hooks?: Hooks<Db>;
  readonly logger?: Logger;
  /** Recorded in the history; the operating system's user unless told. */
  readonly username?: string;
}

/** Checked, and complete. */
export interface Settings<Db = unknown> {
  readonly adapter: DatabaseAdapter<Db>;
  readonly migrations: string | MigrationSource;
  readonly cwd: string;
  readonly layout: Layout;
  readonly ignore: readonly string[];
  readonly table: string;
  readonly schema: string | null;
  readonly transaction: TransactionMode;
  readonly rollback: RollbackStrategy;
  readonly backup: {
    readonly mode: BackupMode;
    readonly folder: string;
    readonly keep: boolean;
    readonly from: string | null;
  };
  readonly lock: { readonly onHeld: 'wait' | 'fail' | 'skip'; readonly waitMs: number };
  readonly timeouts: {
    readonly connectMs: number;
    readonly waitMs: number;
    readonly lockMs: number;
    readonly statementMs: number;
  };
  readonly outOfOrder: 'error' | 'run' | 'ignore';
  readonly onAhead: 'warn' | 'error';
  readonly onMissing: 'warn' | 'error';
  readonly destructive: 'allow' | 'warn' | 'error';
  readonly placeholders: Readonly<Record<string, string>> | null;
  readonly hooks: Hooks<Db>;
  readonly logger: Logger;
  readonly username: string | null;
}

const milliseconds: Shape = { kind: 'number', min: 0 };

/** Every key, in the order in which `detent config` shows them. */
export const OPTION_SHAPES: Readonly<Record<string, Shape>> = {
  adapter: { kind: 'adapter' },
  migrations: { kind: 'source' },
  cwd: { kind: 'text' },
  layout: { kind: 'choice', of: ['auto', 'detent', 'flyway', 'golang-migrate', 'goose', 'dbmate', 'migrate-mongo'] },
  ignore: { kind: 'list' },
  table: { kind: 'text' },
  schema: { kind: 'text' },
  transaction: { kind: 'choice', of: ['each', 'all', 'none'] },
  rollback: { kind: 'choice', of: ['none', 'down', 'backup', 'both'] },
  backup: {
    kind: 'object',
    keys: {
      mode: { kind: 'choice', of: ['full', 'create-only', 'restore-only', 'manual'] },
      folder: { kind: 'text' },
      keep: { kind: 'boolean' },
      from: { kind: 'text' },
    },
  },
  lock: { kind: 'object', keys: { onHeld: { kind: 'choice', of: ['wait', 'fail', 'skip'] }, waitMs: milliseconds } },
  timeouts: {
    kind: 'object',
    keys: { connectMs: milliseconds, waitMs: milliseconds, lockMs: milliseconds, statementMs: milliseconds },
  },
  outOfOrder: { kind: 'choice', of: ['error', 'run', 'ignore'] },
  onAhead: { kind: 'choice', of: ['warn', 'error'] },
  onMissing: { kind: 'choice', of: ['warn', 'error'] },
  destructive: { kind: 'choice', of: ['allow', 'warn', 'error'] },
  placeholders: { kind: 'record' },
  hooks: { kind: 'functions', of: ['beforeMigrate', 'afterMigrate', 'beforeEach', 'afterEach'] },
  logger: { kind: 'logger' },
  username: { kind: 'text' },
};

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The one place where defaults are, but for how long to wait for a lock, which the adapter knows. */
const defaultSettings: Omit<Settings, 'adapter' | 'cwd' | 'timeouts'> & {
  readonly timeouts: Omit<Settings['timeouts'], 'lockMs'>;
} = {
  migrations: 'migrations',
  layout: 'auto',
  ignore: [],
  table: 'schema_version',
  schema: null,
  transaction: 'each',
  rollback: 'none',
  backup: { mode: 'full', folder: '.detent/backups', keep: false, from: null },
  lock: { onHeld: 'wait', waitMs: 600_000 },
  timeouts: { connectMs: 10_000, waitMs: 0, statementMs: 0 },
  outOfOrder: 'error',
  onAhead: 'warn',
  onMissing: 'warn',
  destructive: 'warn',
  placeholders: null,
  hooks: {},
  logger: silent,
  username: null,
};

/** Throws `CONFIG` naming the first key that is unknown or has a wrong value, and the nearest right one. */
export function checkOptions<Db>(options: Options<Db>): Settings<Db> {
  checkShape(options, OPTION_SHAPES, '');
  if (options.adapter === undefined) {
    throw misuse('There is no adapter.', 'Pass what the function of an adapter package gives.');
  }
  const { backup, lock, timeouts, ...rest } = withoutUndefined(options);
  const settings: Settings<Db> = {
    ...(defaultSettings as Omit<Settings<Db>, 'adapter' | 'cwd' | 'timeouts'>),
    cwd: process.cwd(),
    ...rest,
    adapter: options.adapter,
    backup: { ...defaultSettings.backup, ...withoutUndefined(backup ?? {}) },
    lock: { ...defaultSettings.lock, ...withoutUndefined(lock ?? {}) },
    timeouts: {
      ...defaultSettings.timeouts,
      lockMs: options.adapter.lockTimeoutMs,
      ...withoutUndefined(timeouts ?? {}),
    },
  };
  if (settings.backup.mode === 'restore-only' && settings.backup.from === null && restores(settings.rollback)) {
    throw misuse(
      'backup.mode is "restore-only", but backup.from names no backup.',
      'Set backup.from to the path of a backup.',
    );
  }
  return settings;
}

/** Whether a failed run may end in a restore. */
export function restores(strategy: RollbackStrategy): boolean {
  return strategy === 'backup' || strategy === 'both';
}

/** Whether a failed run may run migrations the other way. */
export function reverses(strategy: RollbackStrategy): boolean {
  return strategy === 'down' || strategy === 'both';
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
