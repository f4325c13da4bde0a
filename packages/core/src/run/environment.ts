import { resolve } from 'node:path';
import type { Settings } from '../config.ts';
import type { Connection } from '../connection.ts';
import type { Events } from '../events.ts';
import { SchemaVersionService } from '../history/schema-version-service.ts';
import type { MigrationSession } from '../ports/session.ts';
import type { MigrationSource } from '../ports/source.ts';
import { directory } from '../scan/directory.ts';
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

  scanner(session: MigrationSession<Db>): MigrationScanner {
    const { adapter } = this.settings;
    return new MigrationScanner(this.#migrations(), adapter, new SchemaVersionService(session.history));
  }

  #migrations(): MigrationSource {
    const { migrations, cwd, layout, ignore } = this.settings;
    if (typeof migrations !== 'string') return migrations;
    this.#source ??= directory(resolve(cwd, migrations), { layout, ignore });
    return this.#source;
  }
}
