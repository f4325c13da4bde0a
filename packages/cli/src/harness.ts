import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for what may be said on either. */
  readonly output: string;
}

/** A folder with files, in which the real command runs in processes of its own. */
export interface Project {
  readonly folder: string;
  readonly detent: (...args: string[]) => Outcome;
  /** With variables, or from a folder below. */
  readonly detentIn: (
    where: { readonly env?: Readonly<Record<string, string>>; readonly below?: string },
    ...args: string[]
  ) => Outcome;
  readonly start: (...args: string[]) => ChildProcess;
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** Rows of `app.db`, read without Detent. */
  readonly rows: (sql: string) => readonly Record<string, unknown>[];
  readonly run: (sql: string) => void;
}

const MAIN = join(import.meta.dirname, 'main.ts');
const require = createRequire(import.meta.url);
const packageFolder = (entry: string): string => join(dirname(entry), '..');
const FOREIGN = /^(detent_|database_url$|no_color$|force_color$|ci$|term$|lang$|lc_|node_|vitest)/i;

const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));

/** Makes a project that is gone when the test is over. `url` of `app.db` is configured unless told. */
export function project(files: Readonly<Record<string, string>> = {}, configured = true): Project {
  const folder = mkdtempSync(join(tmpdir(), 'detent-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write: Project['write'] = (given) => {
    for (const [path, text] of Object.entries(given)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  const options = (below = '.', more: Readonly<Record<string, string>> = {}) => ({
    cwd: join(folder, below),
    env: { ...env, LANG: 'C.UTF-8', ...more },
  });
  const argv = (args: readonly string[]): string[] => ['--conditions=source', MAIN, ...args];
  const detentIn: Project['detentIn'] = ({ env: more, below }, ...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, argv(args), {
      ...options(below, more),
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr, output: stdout + stderr };
  };
  mkdirSync(join(folder, 'node_modules/@detent'), { recursive: true });
  symlinkSync(packageFolder(require.resolve('@detent/core')), join(folder, 'node_modules/@detent/core'));
  symlinkSync(packageFolder(require.resolve('@detent/sqlite')), join(folder, 'node_modules/@detent/sqlite'));
  symlinkSync(packageFolder(MAIN), join(folder, 'node_modules/@detent/cli'));
  write({
    'package.json': '{"type":"module","private":true}',
    ...(configured ? { 'detent.config.json': '{"url":"sqlite:app.db"}' } : {}),
    ...files,
  });
  mkdirSync(join(folder, 'migrations'), { recursive: true });
  return {
    folder,
    write,
    detentIn,
    detent: (...args) => detentIn({}, ...args),
    start: (...args) => spawn(process.execPath, argv(args), { ...options(), stdio: ['ignore', 'pipe', 'pipe'] }),
    rows: (sql) =>
      withDatabase(folder, (database) =>
        database
          .prepare(sql)
          .all()
          .map((row) => ({ ...row })),
      ),
    run: (sql) => withDatabase(folder, (database) => database.exec(sql)),
  };
}

function withDatabase<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, 'app.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** The only document on stdout. Throws when there is none, or anything beside it. */
export function documentOf({ stdout }: Outcome): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Waits for the end of a process that was started. */
export async function ended(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => void (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr, output: stdout + stderr };
}

export const USERS =
  '-- detent:up\ncreate table users (id integer primary key, name text);\n-- detent:down\ndrop table users;\n';
const ORDERS = '-- detent:up\ncreate table orders (id integer primary key);\n-- detent:down\ndrop table orders;\n';
/** Its second statement fails. */
export const BROKEN =
  '-- detent:up\ncreate table extra (id integer);\nalter table users rename colum name to full;\n-- detent:down\ndrop table extra;\n';
/** Says that it began, and then waits until it is stopped, or for `ms`. */
export const slow = (ms: number): string => `import { setTimeout } from 'node:timers/promises';
export async function up(db, info, { signal, log }) {
  db.exec('create table slow (id integer)');
  log.info('began');
  await setTimeout(${ms}, undefined, { signal });
}
export async function down(db) { db.exec('drop table slow'); }
`;

export const SHOP: Readonly<Record<string, string>> = {
  'migrations/V1_users.sql': USERS,
  'migrations/V2_orders.sql': ORDERS,
};
