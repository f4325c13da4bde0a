import type { Job } from './job.ts';
import { writeMongoMigrations, writeSqlMigrations, type Layout } from './migrations.ts';
import type { Contestant } from './race.ts';
import { contender, type Workplace } from './workplace.ts';

/** Who takes part on a server, and what it leaves behind. */
export interface Entrant extends Omit<Expected, 'count'> {
  readonly name: string;
  /** The file in the server's folder of `contenders`. */
  readonly program: string;
  readonly layout: Layout;
}

export interface Expected {
  /** Of the migrations. */
  readonly count: number;
  /** The table in which the contestant writes down what it applied, in SQL; on MongoDB the collection. */
  readonly history: string;
  /** Whether each migration had a transaction of its own, or one was around all. */
  readonly transactions: 'each' | 'one';
}

/** A database of one contestant. */
export interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** A server of its own for one scenario. */
export interface Server<Own extends Database> extends Disposable {
  /** The folder in `contenders` of the programs that know it. */
  readonly programs: string;
  /** With the settings that decide how fast it commits, asked of itself. */
  readonly about: string;
  /** A new database, after `commands`; what was written before is on the disk by then, so that nobody pays for others. */
  database(...commands: readonly string[]): Promise<Own>;
  /** Throws when the migrations did not all take effect once, in the transactions that were said, or are not written down. */
  check(database: Own, expected: Expected): Promise<void>;
}

export function entrant(name: string, program: string, history: string, more: Partial<Entrant> = {}): Entrant {
  return { name, program, history, layout: 'versions', transactions: 'each', ...more };
}

export const FLOOR: Entrant = entrant('floor', 'floor', 'history');
export const DETENT: Entrant = entrant('Detent', 'detent', "schema_version WHERE state = 'applied'");

export interface Field {
  /** A start on a new database, which applies everything. */
  applies(entrant: Entrant): Contestant;
  /** A start on the database on which `first` has applied everything; the first round does. */
  starts(entrant: Entrant, first?: Entrant): Contestant;
}

/** Gives everybody the same migrations, in files as each wants them. */
export function openField<Own extends Database>(server: Server<Own>, workplace: Workplace, count: number): Field {
  const folders = new Map<Layout, string>();
  const folderOf = (layout: Layout): string => {
    const known = folders.get(layout);
    if (known !== undefined) return known;
    const folder = workplace.folder(layout);
    if (layout === 'migrate-mongo') writeMongoMigrations(folder, count);
    else writeSqlMigrations(folder, count, layout);
    folders.set(layout, folder);
    return folder;
  };
  const jobFor = ({ layout }: Entrant, { url }: Own): Job => ({
    task: 'migrate',
    folder: folderOf(layout),
    database: url,
    backup: '',
  });
  const start = (own: Entrant, database: Own) => contender(`${server.programs}/${own.program}`, jobFor(own, database));

  return {
    applies(own) {
      let database: Own | null = null;
      return {
        name: own.name,
        async ready() {
          database = await server.database();
          return start(own, database);
        },
        async check(done) {
          if (database === null) return;
          if (done !== null && done !== count) throw new Error(`${own.name} applied ${done} of ${count}.`);
          await server.check(database, { ...own, count });
          await database.drop();
        },
      };
    },

    starts(own, first = own) {
      let database: Own | null = null;
      let isFirst = true;
      return {
        name: own.name,
        async ready() {
          database ??= await server.database();
          return start(isFirst ? first : own, database);
        },
        async check(done) {
          if (database === null) return;
          if (done !== null && done !== (isFirst ? count : 0)) throw new Error(`${own.name} applied ${done}.`);
          isFirst = false;
          await server.check(database, { ...own, count });
        },
      };
    },
  };
}
