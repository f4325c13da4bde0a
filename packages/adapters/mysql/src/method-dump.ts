import { open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { DetentError, type Manifest } from '@detent/core';
import { runTool, ToolFailed, type Running } from '@detent/core/backup';
import type { ClientFile } from './client-file.ts';
import { findTool, type ClientTool } from './client-tools.ts';
import type { DataTable } from './data-tables.ts';
import { writeDump, type DumpFile, type Writing } from './dump-file.ts';
import { fillFromDump } from './dump-fill.ts';
import { lossesOf } from './dump-losses.ts';
import { isLockable, lockForReading, type Contents, type Counters, type Dump, type Keeper } from './dump.ts';
import { by, type Link } from './link.ts';
import { literal } from './literal.ts';
import type { Method } from './method.ts';
import { uncounted } from './shadow.ts';
import { SchemaMoved } from './snapshot.ts';
import { sumsIn } from './sums.ts';
import type { Ways } from './ways.ts';
import { valueOf } from './wire.ts';

/** How often is looked whether the program waits for others, and how many looks in a row tell it. */
const LOOK_MS = 100;
const TELLING = 2;
/** How long the program may take to come to the server and begin its snapshot. */
const BEGIN_MS = 30_000;

/**
 * What `mariadb-dump` or `mysqldump` writes, which any administrator can read in with a client. Its snapshot is the one in
 * which Detent sums up the rows, and it is read as a restore would while it is written.
 */
export function dumpMethod(link: Link, dump: Dump, ways: Ways | null): Method {
  return {
    async obstacles() {
      const tool = await findTool(await link.greeting());
      return typeof tool === 'string' ? [tool] : [];
    },

    async write(path, signal) {
      const greeting = await link.greeting();
      const tool = await findTool(greeting);
      if (typeof tool === 'string') throw missing(tool);
      if (ways === null) throw new Error('a dump takes a connection of its own, by `url`');
      await using client = await ways.clientFile(greeting.product);
      const target = await open(path, 'wx', 0o600);
      let running: Running | null = null;
      try {
        const start = async (tables: readonly DataTable[]): Promise<Writing> => {
          const args = [client.argument, ...(await argumentsFor(link, tool, tables))];
          running = runTool(tool.program, args, client.environment, signal);
          return writeDump(running, target);
        };
        const stop = (): void => running?.stop();
        const keeping = keeper(link, start, stop);
        const { fingerprint, objects, rows, contents, counters } = await dump(keeping, signal);
        const { bytes, hash } = await keeping.file();
        const details = {
          rows,
          tool: `${basename(tool.program)} ${tool.version.text}`,
          contents: JSON.stringify(contents),
          counters: JSON.stringify(counters),
        };
        return { bytes, hash, fingerprint, objects, details };
      } catch (error) {
        await rm(path, { force: true });
        throw withoutSecrets(error, client);
      } finally {
        (running as Running | null)?.stop();
        await target.close();
      }
    },

    contents: async (manifest) => detailOf<Contents>(manifest, 'contents'),

    async fill(manifest, filling) {
      await fillFromDump(manifest.path, detailOf<Contents>(manifest, 'contents'), filling);
      return detailOf<Counters>(manifest, 'counters');
    },
  };
}

function missing(what: string): DetentError {
  return new DetentError('BACKUP_UNFIT', what, {
    hint: "Install them, or make backups by Detent itself with backup: 'copy'.",
  });
}

function detailOf<T>({ details }: Manifest, name: 'contents' | 'counters'): T {
  return JSON.parse(String(details[name])) as T;
}

/** The program has no reason to repeat a password, and does not get to. */
function withoutSecrets(error: unknown, client: ClientFile): unknown {
  return error instanceof ToolFailed ? new ToolFailed(client.masked(error.message)) : error;
}

async function argumentsFor(
  link: Link,
  { version: { product, series } }: ClientTool,
  tables: readonly DataTable[],
): Promise<readonly string[]> {
  const { schema, history } = await link.books();
  const { foldsNames, maxPacket } = await link.greeting();
  const { lock } = history.tableNames;
  const isVersioned = tables.some(({ past }) => past !== 'none');
  return [
    '--single-transaction',
    '--skip-lock-tables',
    // Under a lock of its table alone, the default of a column cannot ask its sequence.
    '--skip-add-locks',
    '--quick',
    '--hex-blob',
    '--complete-insert',
    '--routines',
    '--events',
    '--triggers',
    '--no-tablespaces',
    '--tz-utc',
    '--comments',
    '--default-character-set=utf8mb4',
    '--max-allowed-packet=1G',
    `--net-buffer-length=${Math.min(1 << 20, Math.floor(maxPacket / 2))}`,
    `--ignore-table=${schema}.${foldsNames ? lock.toLowerCase() : lock}`,
    ...(product === 'MySQL' ? ['--set-gtid-purged=OFF', '--column-statistics=0'] : []),
    ...(isVersioned && series >= 1011 ? ['--dump-history'] : []),
    '--',
    schema,
  ];
}

function keeper(
  link: Link,
  start: (tables: readonly DataTable[]) => Promise<Writing>,
  stop: () => void,
): Keeper & { readonly file: () => Promise<DumpFile> } {
  let file: Promise<DumpFile> = Promise.reject(new Error('no dump was begun'));
  file.catch(() => undefined);
  return {
    file: () => file,

    async still({ link: reader, lockMs }, take, tables) {
      const wire = await link.another();
      if (wire === null) throw new Error('a dump needs connections of its own, which could not be had');
      const leave = (): Promise<void> => wire.close(true);
      try {
        // Nobody writes from before the one snapshot begins until the other has.
        const rows = tables.filter((table) => table.kind === 'user' && !isLockable(table));
        if (rows.length > 0) await lockAll(by(link, wire), rows, lockMs);
        const together = async (): Promise<readonly DataTable[]> => {
          const taken = await take();
          const writing = await start(taken);
          file = unlessStuck(link, reader, () => writing.file, stop);
          file.catch(() => undefined);
          await soon(writing.begun, stop);
          return taken;
        };
        return await unlessStuck(link, reader, together, () => void leave());
      } finally {
        if (wire.isOpen) await wire.run('UNLOCK TABLES').catch(() => undefined);
        await leave();
      }
    },

    async rows({ link: reader }, contents) {
      const { schema, tables } = contents;
      const [objects, found] = await Promise.all([sumsIn(reader.wire, schema, tables), file]);
      for (const { name, text } of tables) {
        const written = found.texts.get(name);
        if (written === undefined || uncounted(written) !== uncounted(text))
          throw new SchemaMoved(`the table ${name} is not in the dump as it is in the database`);
      }
      if (found.texts.size !== tables.length) throw new SchemaMoved('the dump has a table that was made meanwhile');
      for (const { name, rows } of objects) {
        const written = found.rows.get(name) ?? 0;
        if (written !== rows) throw new Error(`${name} has ${rows} rows, and ${written} of them are in the dump`);
      }
      const [loss] = await lossesOf(
        reader,
        tables.map(({ name }) => name),
      );
      if (loss !== undefined) throw new Error(`${loss}; backup: 'copy' keeps it`);
      return objects;
    },

    end: async () => undefined,
  };
}

/** Writers wait meanwhile, and not for ever. */
async function soon(begun: Promise<void>, stop: () => void): Promise<void> {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    stop();
  }, BEGIN_MS);
  await begun;
  clearTimeout(late);
  if (isLate) throw new Error(`the program did not begin to read within ${BEGIN_MS / 1_000} s`);
}

/** Throws after the time for a lock, with what it waited for. */
async function lockAll(link: Link, tables: readonly DataTable[], lockMs: number): Promise<void> {
  try {
    await lockForReading(link, tables, lockMs);
  } catch (error) {
    if (!(error instanceof DetentError) || error.code !== 'LOCK_TIMEOUT') throw error;
    const words = `a dump needs a moment in which nobody writes, and a transaction that has written was open for ${lockMs / 1_000} s`;
    throw new DetentError('LOCK_TIMEOUT', words, { facts: error.facts, cause: error });
  }
}

/**
 * Detent keeps every table from being changed until the dump is there. Who wants to change one waits for that, and the reader and
 * the program behind it would wait for them: so `stop` lets them go then, and the work is in vain.
 */
async function unlessStuck<T>(link: Link, reader: Link, work: () => Promise<T>, stop: () => void): Promise<T> {
  const { schema } = await link.books();
  const { startId } = reader.wire;
  const question =
    `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE DB = ${literal(schema)} AND STATE LIKE '%metadata lock%' ` +
    `AND (ID = ${startId ?? 0} OR ${ASKED.map((text) => `INFO LIKE ${literal(text)}`).join(' OR ')})`;
  const stuck = new SchemaMoved('others wait to change a table, and the backup behind them');
  let seen = 0;
  const look = async (): Promise<void> => {
    const [answer] = await link.ask(question);
    if (seen < TELLING) seen = valueOf(answer) === '0' ? 0 : seen + 1;
    if (seen >= TELLING) stop();
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  try {
    const done = await work();
    if (seen >= TELLING) throw stuck;
    return done;
  } catch (error) {
    throw seen >= TELLING ? stuck : error;
  } finally {
    clearInterval(timer);
  }
}

/** What the programs ask of a table. */
const ASKED = ['SELECT /*!40001 SQL_NO_CACHE%', 'show %', '%information_schema.%'];
