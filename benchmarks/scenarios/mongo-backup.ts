import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { MongoDatabase } from '@detent/tests/servers/mongodb';
import { Binary } from 'mongodb';
import { making } from '../making.ts';
import { openMongo, withDatabase } from '../mongo.ts';
import { race, type Command, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

const COLLECTIONS = 3;
/** What a document of `fill` takes. */
const DOCUMENT_BYTES = 700;

export const mongoBackup: Scenario = {
  name: 'mongo-backup',
  about:
    'The floor is a loop over raw cursors into one file, and back by `insertMany`. Detent also hashes each document and the file, reads its backup again before anybody relies on it, and restores beside the live collections, compares the sums and exchanges them.',
  async run({ workplace, rounds, size }) {
    const megabytes = size ?? 300;
    using mongo = await openMongo();
    const database = await mongo.database();
    await fill(database, megabytes);
    const folder = workplace.folder('migrations');
    const kept = workplace.folder('kept');
    const files = { floor: join(kept, 'floor'), detent: join(kept, 'detent') };
    const start = (program: keyof typeof files, task: 'backup' | 'restore', backup: string): Command =>
      contender(`mongo/${program}`, { task, folder, database: database.url, backup });
    const contestant = making(workplace, megabytes * 0.9e6);
    const backingUp = (name: string, program: keyof typeof files): Contestant =>
      contestant(name, (target) => start(program, 'backup', target));
    const restoring = (name: string, program: keyof typeof files): Contestant => ({
      name,
      ready: () => start(program, 'restore', files[program]),
    });
    await race([{ name: 'a file to restore', ready: () => start('floor', 'backup', files.floor) }], 0);
    await race([{ name: 'a backup to restore', ready: () => start('detent', 'backup', files.detent) }], 0);
    const made = await race(
      [backingUp('floor', 'floor'), backingUp('floor again', 'floor'), backingUp('Detent', 'detent')],
      rounds,
    );
    const restored = await race([restoring('floor', 'floor'), restoring('Detent', 'detent')], rounds);
    const goals = [
      { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 2 },
      { kind: 'memory', of: 'Detent', underMb: 200 },
    ] as const;
    return [
      mongo.about,
      render({ title: `MongoDB: backup of ${megabytes} MB`, results: made, goals }),
      render({ title: `MongoDB: restore of ${megabytes} MB`, results: restored, goals }),
    ].join('\n\n');
  },
};

/** Documents of several types that do not compress. */
async function fill(database: MongoDatabase, megabytes: number): Promise<void> {
  const count = Math.ceil((megabytes * 1_000_000) / COLLECTIONS / DOCUMENT_BYTES);
  await withDatabase(database, async (db) => {
    for (let collection = 0; collection < COLLECTIONS; collection += 1) {
      for (let from = 0; from < count; from += 2_000) {
        const documents = Array.from({ length: Math.min(2_000, count - from) }, (_, index) => ({
          at: new Date(1.7e12 + from + index),
          actor: `user ${(from + index) % 97}`,
          tags: ['one', 'two', index],
          body: new Binary(randomBytes(560)),
        }));
        await db.collection(`events_${collection}`).insertMany(documents);
      }
    }
  });
}
