import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { MongoClient, type Db } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openPlace, server } from './fixtures/places.ts';
import { mongo } from './index.ts';

/** A server gives a hundred and one documents at first, unless it is told. */
const MANY = 110;

describe.runIf(server !== null)('a long history', () => {
  test('is read with one question, however many migrations it has', { timeout: 120_000 }, async () => {
    await using place = await openPlace();
    const files = Array.from({ length: MANY }, (_, n) => [`V${n + 1}_x.js`, { up: [] }] as const);
    await using client = await new MongoClient(place.url, { monitorCommands: true }).connect();
    const adapter = mongo({ client, database: place.db.databaseName });
    await using executor = new MigrationScriptExecutor<Db>({ adapter, migrations: fromModules(files) });
    expect((await executor.migrate()).errors).toEqual([]);
    const asked: string[] = [];
    client.on('commandStarted', ({ commandName }) => asked.push(commandName));
    expect((await executor.migrate()).migrated).toHaveLength(MANY);
    expect(asked.filter((name) => !['hello', 'buildInfo', 'endSessions'].includes(name))).toEqual(['aggregate']);
    expect((await executor.history()).length).toBeGreaterThan(MANY);
  });
});
