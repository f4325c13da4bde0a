import { join } from 'node:path';
import process from 'node:process';
import { sideFolder } from './debian.ts';
import { dataFolder } from './folder.ts';
import { firstOf, fromDocker, install, startIn } from './mariadb.ts';
import { ARGUMENTS, type Found, type MysqlServer } from './mysql-common.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';

const RELEASE = '11.8';

/** A MariaDB of the eleventh series, shared as the other is. `null`, and said at the end of the run, where none can be had. */
export async function mariadb11Server(): Promise<MysqlServer | null> {
  const { url, source } = await once<Found>('mariadb-11', find);
  if (url !== null) return { product: 'MariaDB', url, source };
  reportNotRun({ suite: `MariaDB ${RELEASE}`, reason: source, required: false });
  return null;
}

async function find(): Promise<Found> {
  const given = process.env['DETENT_TEST_MARIADB_11_URL'];
  if (given !== undefined) return { url: given, source: 'DETENT_TEST_MARIADB_11_URL' };
  return firstOf([() => fromDocker(RELEASE), fromSideFolder], 'no Docker, no package of Debian');
}

/** Debian's thirteenth release has it. */
async function fromSideFolder(): Promise<Found | null> {
  const wanted = {
    name: 'mariadb-11',
    suite: 'trixie',
    package: 'mariadb-server-core',
    program: 'usr/sbin/mariadbd',
  };
  const side = sideFolder(wanted);
  if (side === null) return null;
  const share = join(side.root, 'usr/share/mariadb');
  const program = [...side.loader, join(side.root, wanted.program)];
  const own = [
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--plugin-dir=${join(side.root, 'usr/lib/mysql/plugin')}`,
  ];
  const folder = dataFolder('mariadb');
  return startIn(
    folder,
    program,
    install(program, folder, [...own, ...ARGUMENTS], [share]),
    'Debian, mariadb-server-core 11.8',
  );
}
