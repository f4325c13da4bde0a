import type { DatabaseAdapter } from '../ports/adapter.ts';
import type { History } from '../ports/history.ts';
import type { Discovered, MigrationFile, MigrationSource } from '../ports/source.ts';
import type { SchemaVersionService } from '../history/schema-version-service.ts';
import { compareMigrations } from './version.ts';

/** What is there: the files of the source, in the order in which they run, and the history. */
export interface Scan extends Discovered {
  readonly history: History;
}

/** Brings files and history together. */
export class MigrationScanner {
  readonly #source: MigrationSource;
  readonly #adapter: DatabaseAdapter;
  readonly #versions: SchemaVersionService;

  constructor(source: MigrationSource, adapter: DatabaseAdapter, versions: SchemaVersionService) {
    this.#source = source;
    this.#adapter = adapter;
    this.#versions = versions;
  }

  /** Reads both at the same time. */
  async scan(): Promise<Scan> {
    const history = this.#versions.getAllMigrated();
    const [discovered, entries] = await Promise.all([this.#source.discover(this.#adapter), history]);
    return { ...discovered, files: sorted(discovered.files), history: entries };
  }

  /** The same files with the history as it is now. */
  async rescan(scan: Scan): Promise<Scan> {
    return { ...scan, history: await this.#versions.getAllMigrated() };
  }
}

function sorted(files: readonly MigrationFile[]): readonly MigrationFile[] {
  return files.toSorted(compareMigrations);
}
