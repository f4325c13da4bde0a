import { config, database, up } from 'migrate-mongo';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database: url }: Job): Promise<number> {
  config.set({
    mongodb: { url, options: {} },
    migrationsDir: folder,
    changelogCollectionName: 'changelog',
    lockCollectionName: 'changelog_lock',
    lockTtl: 0,
    migrationFileExtension: '.js',
    // Without it files are told apart by their names alone.
    useFileHash: false,
    moduleSystem: 'esm',
  });
  const { db, client } = await database.connect();
  const done = await up(db, client);
  await client.close();
  return done.length;
}
