import { expect, test } from 'vitest';
import { createMongoDatabase, mongoServer } from '@detent/tests/servers/mongodb';
import { repository } from './fixtures/runner.ts';

const MIGRATIONS = {
  'migrations/V1_create_people.mjs': `export default {
  up: [
    { name: 'collection', kind: 'schema', run: (db) => db.createCollection('people') },
    { name: 'people', kind: 'data', run: (db) => db.collection('people').insertMany([{ _id: 1 }, { _id: 2 }]) },
  ],
  down: [{ name: 'drop', kind: 'schema', run: (db) => db.collection('people').drop() }],
};
`,
};

test(
  'on MongoDB, with nothing installed: check on a scratch database, then apply on the real one',
  { timeout: 60_000 },
  async () => {
    const server = await mongoServer();
    if (server === null) return;
    const [scratch, real] = [await createMongoDatabase(server), await createMongoDatabase(server)];
    try {
      const { run } = repository(MIGRATIONS);
      const check = await run({ with: { 'scratch-url': scratch.url }, env: { DATABASE_URL: real.url } });
      expect({ code: check.code, ...check.outputs }).toMatchObject({
        code: 0,
        status: 'ok',
        'applied-count': '1',
        'reverted-count': '1',
      });
      expect((await run({ with: { command: 'plan', url: real.url } })).outputs).toMatchObject({ status: 'pending' });
      const apply = await run({ with: { command: 'apply', url: real.url } });
      expect({ code: apply.code, ...apply.outputs }).toMatchObject({ code: 0, status: 'ok', 'current-version': '1' });
    } finally {
      await Promise.all([scratch.drop(), real.drop()]);
    }
  },
);

/** Waits until somebody renews the lease; fails when it is over before. */
const WATCH = `const { MongoClient } = await import(process.env.MONGODB);
const client = await new MongoClient(process.env.DATABASE_URL).connect();
const lease = () => client.db().collection('schema_version_lock').findOne({ _id: 'lease' });
const before = await lease();
for (;;) {
  const { renewed, expires } = await lease();
  if (renewed > before.renewed) break;
  if (expires < new Date()) process.exit(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
}
await client.close();
`;

test(
  'F14 the one file has the thread that keeps the lock of a migration which gives nobody else a turn',
  { timeout: 90_000 },
  async () => {
    const server = await mongoServer();
    if (server === null) return;
    const database = await createMongoDatabase(server);
    try {
      const { run } = repository({
        'watch.mjs': WATCH,
        'migrations/V1_busy.mjs': `import { spawnSync } from 'node:child_process';
const run = () => {
  const { status, stderr } = spawnSync(process.execPath, ['watch.mjs'], { encoding: 'utf8' });
  if (status !== 0) throw new Error('Nobody renewed the lease. ' + stderr);
};
export default { up: [{ name: 'busy', kind: 'schema', run }] };
`,
      });
      const env = { DATABASE_URL: database.url, MONGODB: import.meta.resolve('mongodb') };
      const { code, log } = await run({ with: { command: 'apply' }, env });
      expect(code, log).toBe(0);
    } finally {
      await database.drop();
    }
  },
);
