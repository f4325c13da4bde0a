import { runExample } from '@detent/tests/hosts/example';
import { createMongoDatabase, mongoServer } from '@detent/tests/servers/mongodb';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';

test('the example applies its migrations with one command, and takes one back', { timeout: 120_000 }, async () => {
  const server = await mongoServer();
  if (server === null) return;
  const database = await createMongoDatabase(server);
  await using client = await new MongoClient(database.url).connect();
  const run = (script: string): string => runExample(import.meta.dirname, script, { DATABASE_URL: database.url });
  try {
    run('start');
    const people = client.db(database.name).collection<{ _id: number; email: string }>('people');
    expect((await people.find().toArray()).map(({ email }) => email)).toEqual(['anna@example.com', 'bo@example.com']);
    await expect(people.insertOne({ _id: 3, email: 'bo@example.com' })).rejects.toMatchObject({ code: 11_000 });
    run('down');
    expect(run('status')).toContain('1 applied, 1 pending');
    await people.insertOne({ _id: 3, email: 'bo@example.com' });
  } finally {
    await database.drop();
  }
});
