import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { sideFolder, type Wanted } from './debian.ts';
import type { MysqlServer } from './mysql-common.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';

type Product = MysqlServer['product'];

interface Found {
  readonly folder: string | null;
  readonly reason: string;
}

/** What says that a program is of the product. */
const PROGRAMS: Readonly<Record<Product, { readonly name: string; readonly client: string; readonly said: RegExp }>> = {
  MariaDB: { name: 'mariadb-dump', client: 'mariadb', said: /MariaDB/ },
  MySQL: { name: 'mysqldump', client: 'mysql', said: /^(?!.*MariaDB).* Ver [89]\./ },
};

/** A folder with `mariadb-dump` and `mariadb`, or with the `mysqldump` and the `mysql` of MySQL. `null`, and said at the end of the run, where none can be had. */
export async function mysqlClient(product: Product): Promise<string | null> {
  const { folder, reason } = await once<Found>(`mysql-client-${product}`, async () => find(product));
  if (folder === null) reportNotRun({ suite: `backups by ${PROGRAMS[product].name}`, reason, required: false });
  return folder;
}

function find(product: Product): Found {
  const { name, client } = PROGRAMS[product];
  const here = (process.env['PATH'] ?? '')
    .split(delimiter)
    .find((folder) => isOf(join(folder, name), product) && isOf(join(folder, client), product));
  if (here !== undefined) return { folder: here, reason: '' };
  try {
    const wanted = packageOf(product);
    const side = wanted === null ? null : sideFolder(wanted);
    if (wanted === null || side === null)
      return { folder: null, reason: 'it is not installed, and no package of Debian can be had' };
    const own = join(side.root, 'started');
    mkdirSync(own, { recursive: true });
    for (const program of [name, client]) {
      const words = [...side.loader, join(side.root, 'usr/bin', program)];
      writeFileSync(join(own, program), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
      chmodSync(join(own, program), 0o755);
    }
    return isOf(join(own, name), product)
      ? { folder: own, reason: '' }
      : { folder: null, reason: 'what Debian has does not run' };
  } catch (error) {
    return { folder: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Of MariaDB the suite that this machine is of, as its server is; MySQL is in the unstable one alone. */
function packageOf(product: Product): Wanted | null {
  if (product === 'MySQL')
    return { name: 'mysql-client', suite: 'sid', package: 'mysql-client', program: 'usr/bin/mysqldump' };
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  return suite === undefined
    ? null
    : { name: `mariadb-client-${suite}`, suite, package: 'mariadb-client', program: 'usr/bin/mariadb-dump' };
}

function isOf(program: string, product: Product): boolean {
  if (!existsSync(program)) return false;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return PROGRAMS[product].said.test(stdout ?? '');
}
