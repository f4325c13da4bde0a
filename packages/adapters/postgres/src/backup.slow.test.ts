import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { describe, expect, test } from 'vitest';
import { describeBackups } from './fixtures/backup-facts.ts';
import { backedUp, folder, meanwhile, nothing, patient, prepared, rowsOf, SHOP } from './fixtures/backups.ts';
import { until } from './fixtures/places.ts';
import { playground, take, type Playground } from './fixtures/playground.ts';

describeBackups('15', 'copy');
describeBackups('18', 'copy');

describe.each(['15', '18'] as const)('PostgreSQL %s', (major) => {
  test('F89 a backup whose connection is cut at any message is whole, or leaves no file', patient, async () => {
    await using place = await playground(major);
    await place.database.query(...SHOP);
    const flaws: string[] = [];
    let cuts = 0;
    for (let at = 1, through = false; !through; at += 1) {
      await until(
        place,
        `NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = '${place.database.name}' AND pid <> pg_backend_pid())`,
      );
      await using proxy = await startProxy(place.database.url, { cut: { at, mode: 'after' } });
      const to = folder();
      const made = await backUpAs(place, proxy.url, `run-${at}`, join(to, 'b')).catch(() => null);
      through = !proxy.hasCut;
      if (through && made === null) flaws.push('the backup that nobody disturbed failed');
      if (proxy.hasCut) cuts += 1;
      const left = readdirSync(to).toSorted();
      const right = made === null ? [] : ['b', 'b.json'];
      if (left.join() !== right.join()) flaws.push(`cut at message ${at}: ${left.join()}`);
    }
    expect(flaws).toEqual([]);
    expect(cuts).toBeGreaterThan(20);
  });

  test(
    'F80 a table that others empty and fill meanwhile is never backed up empty, and nobody hangs',
    patient,
    async () => {
      await using place = await playground(major);
      const session = await prepared(place, ...SHOP);
      await using _ = await meanwhile(place, async (other) => {
        await other.query(
          "BEGIN; TRUNCATE users; INSERT INTO users SELECT g, 'x' FROM generate_series(1, 100) g; COMMIT",
        );
      });
      const found: (number | undefined)[] = [];
      for (let round = 0; round < 6; round += 1) {
        const made = await backedUp(session);
        if (made !== null) found.push(rowsOf(made, 'users'));
      }
      expect(found.filter((rows) => rows !== 100 && rows !== 1000)).toEqual([]);
    },
  );

  test('F85 a schema that changes meanwhile is read again, or the backup is refused', patient, async () => {
    await using place = await playground(major);
    const session = await prepared(place, ...SHOP);
    const made: Manifest[] = [];
    {
      await using _ = await meanwhile(place, async (other, round) => {
        await other.query(`ALTER TABLE tags ADD COLUMN c${round} int`);
        await sleep(40);
        await other.query(`ALTER TABLE tags DROP COLUMN c${round}`);
      });
      for (let round = 0; round < 4; round += 1) {
        const manifest = await backedUp(session);
        if (manifest !== null) made.push(manifest);
      }
    }
    for (const manifest of made) {
      await session.backup.restore(manifest, nothing);
      expect(await session.backup.sums()).toEqual(manifest.objects);
    }
  });

  test('F79 what this user could not read or put back is refused beforehand', async () => {
    await using place = await playground(major);
    const role = `role_${place.database.name}`;
    const session = await prepared(place, ...SHOP, `CREATE ROLE ${role} LOGIN`, `GRANT SELECT ON tags TO ${role}`);
    expect(await session.backup.check(folder())).toEqual([]);
    const url = new URL(place.database.url);
    url.username = role;
    const weak = await place.open({ url: url.href });
    const found = await weak.backup.check(folder());
    await weak.close();
    expect(found).toContainEqual(expect.stringMatching(/may not read every row of users/));
    expect(found).toContainEqual(expect.stringMatching(/belongs to postgres/));
    await session.close();
    await place.database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test('what cannot be kept is named in the plan, with the reason', async () => {
    await using place = await playground(major);
    const session = await prepared(
      place,
      'CREATE TABLE t (x int)',
      'CREATE PUBLICATION news FOR TABLE t',
      'CREATE FOREIGN DATA WRAPPER far',
      'CREATE SERVER away FOREIGN DATA WRAPPER far',
      'CREATE FOREIGN TABLE distant (x int) SERVER away',
      'CREATE TYPE half_made',
    );
    const found = await session.backup.check(folder());
    for (const name of ['news', 'far', 'away', 'distant', 'half_made'])
      expect(found).toContainEqual(expect.stringMatching(new RegExp(`${name} cannot be kept: .+\\.$`)));
  });
});

async function backUpAs(place: Playground, url: string, runId: string, path: string): Promise<Manifest> {
  const session = await place.open({ url });
  try {
    await take(session, runId);
    return await session.backup.backup(path);
  } finally {
    await session.close();
  }
}
