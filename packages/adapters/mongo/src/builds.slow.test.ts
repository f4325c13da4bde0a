import type { Logger, MigrationResult } from '@detent/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { dieBuilding, executorBuilding, holdingPeople, isBuilding, migrateBuilding } from './fixtures/building.ts';
import { openPlace, server, type Place } from './fixtures/places.ts';

const listening = (): { readonly logger: Logger; readonly heard: string[] } => {
  const heard: string[] = [];
  const hear = (message: string): void => void heard.push(message);
  return { heard, logger: { debug: () => undefined, info: hear, warn: hear, error: hear } };
};

async function expectWhole(place: Place, result: MigrationResult): Promise<void> {
  expect(result.errors).toEqual([]);
  const names = (await place.db.collection('people').listIndexes().toArray()).map(({ name }) => name as string);
  expect(names.toSorted()).toEqual(['_id_', 'by_n']);
  expect(await place.db.collection('others').countDocuments()).toBe(1);
}

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await sleep(20);
};

describe.runIf(server !== null)('an index that the server builds for a client that is gone', () => {
  test('F19 keeps the lock of the dead run held until it is built, and then counts as built', async () => {
    await using place = await openPlace();
    const writer = await holdingPeople(place);
    await dieBuilding(place, 'own');
    const failing = await migrateBuilding({ url: place.url }, { lock: { onHeld: 'fail' } });
    expect(failing.errors.map(({ code }) => code)).toEqual(['LOCK_HELD']);
    await using looking = executorBuilding({ url: place.url });
    expect((await looking.inspect()).holder).not.toBeNull();
    await using executor = executorBuilding({ url: place.url });
    const waited = new Promise((resolve) => executor.on('lock-waiting', resolve));
    const next = executor.migrate();
    await waited;
    await writer.commitTransaction();
    await expectWhole(place, await next);
    expect((await looking.inspect()).holder).toBeNull();
    await writer.endSession();
  });

  test('F05 a run that is dead, and for which the server does nothing, is not said to hold the lock', async () => {
    await using place = await openPlace();
    const writer = await holdingPeople(place);
    await dieBuilding(place, 'own');
    await writer.commitTransaction();
    await writer.endSession();
    while (await isBuilding(place.db)) await sleep(20);
    await using executor = executorBuilding({ url: place.url });
    expect((await executor.inspect()).holder).toBeNull();
    await expectWhole(place, await executor.migrate());
  });

  test('F19 is ended by unlock --fence, and built anew', async () => {
    await using place = await openPlace();
    const writer = await holdingPeople(place);
    await dieBuilding(place, 'own');
    const executor = executorBuilding({ url: place.url });
    expect(await executor.unlock({ fence: true })).not.toBeNull();
    expect(await isBuilding(place.db)).toBe(false);
    await writer.commitTransaction();
    await expectWhole(place, await executor.migrate());
    await executor.close();
    await writer.endSession();
  });
});

// On a MongoDB an index is listed from the moment on that it is begun, for which it waits here. So these hold nothing there.
describe.runIf(server?.product === 'DocumentDB')(
  'an index that nobody asks for any more, and that is listed unfinished',
  () => {
    test('F19 is waited for, which is told, before what the dead run left is looked at', async () => {
      await using place = await openPlace();
      const writer = await holdingPeople(place);
      await dieBuilding(place, 'lent');
      const { logger, heard } = listening();
      const next = migrateBuilding({ url: place.url }, { logger });
      await until(() => heard.length > 0);
      expect(heard).toEqual([
        'The index by_n of people is still being built, for a run that is gone; what that left is looked at afterwards.',
      ]);
      await writer.commitTransaction();
      await expectWhole(place, await next);
      await writer.endSession();
    });

    test('F19 is waited for as long as a statement may run, and then the way out is said', async () => {
      await using place = await openPlace();
      const writer = await holdingPeople(place);
      await dieBuilding(place, 'lent');
      const { errors } = await migrateBuilding({ url: place.url }, { timeouts: { statementMs: 1 } });
      expect(errors.map(({ code, hint }) => [code, hint])).toEqual([
        [
          'LOCK_TIMEOUT',
          "Start again when it is done, or give it up with db.getCollection('people').dropIndex('by_n').",
        ],
      ]);
      await writer.commitTransaction();
      await expectWhole(place, await migrateBuilding({ url: place.url }));
      await writer.endSession();
    });

    test('F19 is not waited for by a run that is told to stop', async () => {
      await using place = await openPlace();
      const writer = await holdingPeople(place);
      await dieBuilding(place, 'lent');
      const { logger, heard } = listening();
      const stop = new AbortController();
      await using executor = executorBuilding({ url: place.url }, { logger });
      const stopped = executor.migrate({ signal: stop.signal });
      await until(() => heard.length > 0);
      stop.abort();
      expect((await stopped).errors.map(({ code }) => code)).toEqual(['CANCELLED']);
      expect(await isBuilding(place.db)).toBe(true);
      await writer.commitTransaction();
      await expectWhole(place, await migrateBuilding({ url: place.url }));
      await writer.endSession();
    });
  },
);
