import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { createMongoDatabase, mongoServer } from './mongodb.ts';

const server = await mongoServer();

/** Begun with what a server keeps in memory, or with what it can read on from a place. */
const PIPELINES = {
  'of documents as they lie': [{ $match: {} }],
  sorted: [{ $sort: { n: -1 } }],
  grouped: [{ $group: { _id: '$_id' } }],
  'of two collections': [{ $unionWith: 'people' }, { $limit: 350 }],
} as const;

describe.runIf(server !== null)('an answer of more than a hundred documents', () => {
  test.each(Object.entries(PIPELINES))('comes whole, %s, to eight who ask at one time', async (_, pipeline) => {
    if (server === null) return;
    const database = await createMongoDatabase(server);
    await using client = await new MongoClient(database.url).connect();
    const people = client.db(database.name).collection<{ _id: number; n: number }>('people');
    await people.insertMany(Array.from({ length: 350 }, (__, id) => ({ _id: id, n: id % 7 })));
    const cursors = Array.from({ length: 8 }, () => people.aggregate([...pipeline]));
    // All are begun before any of them goes on.
    const begun = await Promise.all(cursors.map((cursor) => cursor.next()));
    expect(begun).not.toContain(null);
    const rests = await Promise.all(cursors.map((cursor) => cursor.toArray()));
    expect(rests.map(({ length }) => length)).toEqual(cursors.map(() => 349));
    // One that is given up is given up, and others go on.
    const given = people.aggregate([...pipeline]);
    await given.next();
    await given.close();
    expect(await people.aggregate([...pipeline]).toArray()).toHaveLength(350);
    await database.drop();
  });
});
