import { resolve } from 'node:path';
import type { Settings } from '../config.ts';
import type { Connection } from '../connection.ts';
import type { Events } from '../events.ts';
import { SchemaVersionService } from '../history/schema-version-service.ts';
import type { MigrationSession } from '../ports/session.ts';
import type { MigrationSource } from '../ports/source.ts';
import { MigrationScanner } from '../scan/scanner.ts';

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
    const { adapter } = this.settings;
    return new MigrationScanner(await this.#migrations(), adapter, new SchemaVersionService(session.history));
  }

  async #migrations(): Promise<MigrationSource> {
    const { migrations, cwd, layout, ignore } = this.settings;
    if (typeof migrations !== 'string') return migrations;
    // Imported when there is a folder, so that a bundle of modules needs no file system.
    this.#source ??= (await import('../scan/directory.ts')).directory(resolve(cwd, migrations), { layout, ignore });
    return this.#source;
  }
}
