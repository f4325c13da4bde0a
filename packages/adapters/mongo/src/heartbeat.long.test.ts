import { describe, expect, test } from 'vitest';
import { openPlace, server } from './fixtures/places.ts';
import { LEASE_MS } from './lease.ts';

const owner = { runId: 'r', username: 'u', host: 'h', pid: process.pid };

describe.runIf(server !== null)('the lease', () => {
  test('F14 is kept by a holder whose code gives nobody else a turn', { timeout: 120_000 }, async () => {
    await using place = await openPlace();
    const [holder, other] = [await place.open(), await place.open()];
    const attempt = await holder.lock.tryAcquire(owner);
    if (attempt.kind === 'held') throw new Error('The lock of a new database is held.');
    const end = Date.now() + LEASE_MS * 1.5;
    while (Date.now() < end) JSON.parse('{"busy":true}');
    expect((await other.lock.tryAcquire({ ...owner, runId: 'other' })).kind).toBe('held');
    await attempt.lease.assert();
    await attempt.lease[Symbol.asyncDispose]();
  });

  test('F05 F23 of a holder on another machine is over when nothing renews it', { timeout: 120_000 }, async () => {
    await using place = await openPlace();
    const [holder, other] = [await place.open(), await place.open()];
    const attempt = await holder.lock.tryAcquire(owner);
    if (attempt.kind === 'held') throw new Error('The lock of a new database is held.');
    const lock = place.db.collection<{ _id: string }>('schema_version_lock');
    // As if its process and its machine were gone: nobody renews, and nobody here can look.
    await lock.updateOne({ _id: 'lock' }, { $set: { process_key: 'elsewhere' } });
    expect((await other.lock.tryAcquire({ ...owner, runId: 'other' })).kind).toBe('held');
    await lock.updateOne({ _id: 'lease' }, [{ $set: { expires: { $subtract: ['$$NOW', 1] } } }]);
    const taken = await other.lock.tryAcquire({ ...owner, runId: 'other' });
    expect(taken.kind).toBe('acquired');
    await expect(attempt.lease.assert()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(
      holder.transaction({ statements: [] }, async () => 'written by a holder that is none'),
    ).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await attempt.lease[Symbol.asyncDispose]();
  });
});
