import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findTools, readToolVersion } from './client-tools.ts';

const root = mkdtempSync(join(tmpdir(), 'detent-tools-'));

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder of programs that say what those of this release say. */
function release(version: string): string {
  const folder = join(root, version.replaceAll(' ', '-'));
  mkdirSync(folder, { recursive: true });
  for (const name of ['pg_dump', 'pg_restore']) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${name} (PostgreSQL) ${version}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const find = (major: number, versions: readonly string[], archive = 0): ReturnType<typeof findTools> =>
  findTools(major, archive, versions.map(release));

test.each([
  ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n', { major: 15, minor: 18, text: '15.18' }],
  ['pg_restore (PostgreSQL) 18.4', { major: 18, minor: 4, text: '18.4' }],
  ['pg_dump (PostgreSQL) 19beta1', { major: 19, minor: 0, text: '19beta1' }],
  ['pg_dump 15.18', null],
])('the version in %j is read', (output, version) => {
  expect(readToolVersion(output)).toEqual(version);
});

test.each([
  ['14.22', '14.23'],
  ['15.17', '15.18'],
  ['16.13', '16.14'],
  ['17.9', '17.10'],
  ['18.3', '18.4'],
])('F94 pg_dump %s is refused with the reason, and %s is taken', async (old, mended) => {
  const major = Number.parseInt(old, 10);
  expect(await find(major, [old])).toMatch(
    new RegExp(`version ${old.replace('.', '\\.')}, .*CVE-2025-8714.*${mended.replace('.', '\\.')} does not: install`),
  );
  expect(await find(major, [old, mended])).toMatchObject({ version: { text: mended } });
});

test('F94 a pg_dump of a line that gets no releases any more is refused', async () => {
  expect(await find(13, ['13.99'])).toMatch(/13\.99, which runs what a dishonest server/);
});

test('a pg_dump older than the server, or than the one that wrote the archive, is refused', async () => {
  expect(await find(18, ['15.18'])).toMatch(/15\.18 and cannot read PostgreSQL 18: install .*postgresql-client-18/);
  expect(await find(15, ['15.18'], 18)).toMatch(/postgresql-client-18/);
  expect(await find(18, ['15.18', '18.4', '19.0'])).toMatchObject({ version: { text: '18.4' } });
});

test('programs that are not there, or not of one release, are told with what to install', async () => {
  const mixed = release('17.10');
  writeFileSync(join(mixed, 'pg_restore'), "#!/bin/sh\necho 'pg_restore (PostgreSQL) 17.4'\n");
  for (const folders of [[], ['/nowhere'], [mixed]])
    expect(await findTools(17, 0, folders)).toBe(
      'pg_dump and pg_restore are not installed, or not in PATH: install the client programs of PostgreSQL 17, such as the package postgresql-client-17.',
    );
});
