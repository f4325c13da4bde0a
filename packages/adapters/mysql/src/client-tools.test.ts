import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findTool, readToolVersion } from './client-tools.ts';

const root = mkdtempSync(join(tmpdir(), 'detent-tools-'));

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with a program that says what that release says. */
function release(name: string, version: string): string {
  const folder = join(root, `${name}-${version}`);
  mkdirSync(folder, { recursive: true });
  const said = version.endsWith('MariaDB') ? `from ${version}, client 10.19` : `Ver ${version} for Linux on x86_64`;
  writeFileSync(join(folder, name), `#!/bin/sh\necho '${name}  ${said}'\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

const mariadb = (versionNumber: number, ...versions: readonly string[]): ReturnType<typeof findTool> =>
  findTool(
    { product: 'MariaDB', versionNumber },
    versions.map((version) => release('mariadb-dump', `${version}-MariaDB`)),
  );
const mysql = (versionNumber: number, ...versions: readonly string[]): ReturnType<typeof findTool> =>
  findTool(
    { product: 'MySQL', versionNumber },
    versions.map((version) => release('mysqldump', version)),
  );

test.each([
  ['mariadb-dump  Ver 10.19 Distrib 10.11.18-MariaDB, for debian-linux-gnu (x86_64)', 'MariaDB', 1011, 18, '10.11.18'],
  ['mariadb-dump from 11.8.3-MariaDB, client 10.19 for Linux (x86_64)', 'MariaDB', 1108, 3, '11.8.3'],
  ['mysqldump  Ver 9.7.4-2 for Linux on x86_64 ((Debian))', 'MySQL', 907, 4, '9.7.4'],
  ['mysqldump  Ver 8.0.40 for Linux on x86_64 (MySQL Community Server - GPL)', 'MySQL', 800, 40, '8.0.40'],
  ['mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)', 'MySQL', 507, 44, '5.7.44'],
])('the version in %j is read', (output, product, series, patch, text) => {
  expect(readToolVersion(output)).toEqual({ product, series, patch, text });
});

test('what says no version is no such program', () => {
  expect(readToolVersion('usage: mysqldump')).toBeNull();
});

test('the first program that fits is taken, along the folders', async () => {
  expect(await mariadb(101_118, '10.6.18', '10.11.8', '11.8.3')).toMatchObject({ version: { text: '10.11.8' } });
  expect(await mysql(80_400, '8.0.40')).toMatchObject({ version: { text: '8.0.40' } });
  expect(await mysql(50_744, '9.7.4')).toMatchObject({ version: { text: '9.7.4' } });
});

test('a program older than the server is refused', async () => {
  expect(await mariadb(110_402, '10.11.18')).toMatch(
    /10\.11\.18 and may not know what MariaDB 11\.4 has: install .*mariadb-client/,
  );
  expect(await mysql(90_700, '8.4.3')).toMatch(/8\.4\.3 and may not know what MySQL 9\.7 has: install .*mysql-client/);
});

test('F94 a release that writes names which a client may execute is refused, with the one that does not', async () => {
  expect(await mariadb(100_618, '10.6.17')).toMatch(/CVE-2024-21096\); 10\.6\.18 does not: install/);
  expect(await mariadb(100_618, '10.7.8')).toMatch(/CVE-2024-21096\): install/);
  expect(await mysql(80_036, '8.0.36')).toMatch(/CVE-2024-21096\); 8\.0\.37 does not: install/);
  expect(await mysql(80_036, '8.3.0', '8.4.0')).toMatchObject({ version: { text: '8.4.0' } });
});

test('of several that do not fit, one of the product of the server is told', async () => {
  const folders = [release('mysqldump', '9.7.4'), release('mariadb-dump', '10.11.18-MariaDB')];
  expect(await findTool({ product: 'MariaDB', versionNumber: 110_806 }, folders)).toMatch(
    /10\.11\.18 and may not know what MariaDB 11\.8 has: install/,
  );
});

test('the program of the other product is refused', async () => {
  const folder = release('mysqldump', '10.11.18-MariaDB');
  expect(await findTool({ product: 'MySQL', versionNumber: 80_400 }, [folder])).toMatch(
    /is of MariaDB, and the server is MySQL: install/,
  );
  expect(await findTool({ product: 'MariaDB', versionNumber: 101_118 }, [folder])).toMatchObject({
    program: join(folder, 'mysqldump'),
  });
});

test('a program that is not there is told with what to install', async () => {
  for (const folders of [[], ['/nowhere']]) {
    expect(await findTool({ product: 'MariaDB', versionNumber: 101_118 }, folders)).toBe(
      "mariadb-dump is not installed, or not in PATH: install the client programs of MariaDB 10.11, such as the package mariadb-client, or take backup: 'copy'.",
    );
    expect(await findTool({ product: 'MySQL', versionNumber: 80_408 }, folders)).toBe(
      "mysqldump is not installed, or not in PATH: install the client programs of MySQL 8.4, such as the package mysql-client, or take backup: 'copy'.",
    );
  }
});
