import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { MongoClient, type Db } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openPlace, server } from './fixtures/places.ts';
import { mongo, type MongoOptions } from './index.ts';

const WAYS: Readonly<Record<string, (client: MongoClient, database: string) => MongoOptions>> = {
  'a client': (client, database) => ({ client, database }),
  'a database of a client': (client, database) => ({ db: client.db(database) }),
};

describe.runIf(server !== null)('what an application lends', () => {
  test.each(Object.keys(WAYS))('%s: works whatever it is set to, and stays open', async (way) => {
    await using place = await openPlace();
    await using client = new MongoClient(place.url, {
      readPreference: 'secondaryPreferred',
      readConcernLevel: 'local',
      w: 1,
      useBigInt64: true,
      monitorCommands: true,
    });
    const elsewhere: string[] = [];
    client.on('commandStarted', ({ commandName, command }) => {
      const { $readPreference: asked } = command as { $readPreference?: { readonly mode: string } };
      if (asked !== undefined && asked.mode !== 'primary') elsewhere.push(commandName);
    });
    const seen: unknown[] = [];
    const migrations = fromModules([
      [
        'V1_x.js',
        {
          up: [
            { name: 'make', kind: 'schema', run: (db: Db) => db.createCollection('a') },
            {
              name: 'fill',
              kind: 'data',
              async run(db: Db) {
                await db.collection('a').insertOne({ n: 1 });
                seen.push((await db.collection('a').find().toArray()).length);
              },
            },
          ],
        },
      ],
    ]);
    const options = WAYS[way]?.(client, place.db.databaseName);
    if (options === undefined) return;
    const executor = new MigrationScriptExecutor<Db>({
      adapter: mongo(options),
      migrations,
      rollback: 'backup',
      cwd: place.folder,
    });
    expect((await executor.migrate()).errors).toEqual([]);
    expect((await executor.verify()).problems).toEqual([]);
    await executor.close();
    expect(seen).toEqual([1]);
    // What a secondary says may be old, and a run would go by it.
    expect(elsewhere).toEqual([]);
    expect(await client.db('admin').command({ ping: 1 })).toHaveProperty('ok');
  });
});
