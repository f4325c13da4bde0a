// MikroORM takes classes, and reads the whole schema after applying for its snapshot unless told not to.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Constructor } from '@mikro-orm/core';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const orm = await MikroORM.init({
    clientUrl: database,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      tableName: 'history',
      allOrNothing: false,
      snapshot: false,
      silent: true,
      migrationsList: readdirSync(folder)
        .toSorted()
        .map((name) => ({ name, class: migrationClass(join(folder, name)) })),
    },
  });
  const applied = await orm.migrator.up();
  await orm.close();
  return applied.length;
}

function migrationClass(file: string): Constructor<Migration> {
  return class extends Migration {
    override up(): void {
      this.addSql(readFileSync(file, 'utf8'));
    }
  };
}
