import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runTool } from '@detent/core/backup';
import type { Greeting } from './greeting.ts';

type Product = Greeting['product'];

/** `mariadb-dump`, or `mysqldump`. */
export interface ClientTool {
  readonly program: string;
  readonly version: ToolVersion;
}

export interface ToolVersion {
  readonly product: Product;
  /** 1011 for 10.11, 804 for 8.4. */
  readonly series: number;
  readonly patch: number;
  /** As the program says it. */
  readonly text: string;
}

const NAMES: Readonly<Record<Product, readonly string[]>> = {
  MariaDB: ['mariadb-dump', 'mysqldump'],
  MySQL: ['mysqldump'],
};

/**
 * The first release of each series whose dump a name in the database cannot make the client run something by, when somebody
 * reads it in: CVE-2024-21096. Series between them got no such release; those from `from` on have it from their first.
 */
const FLOORS: Readonly<Record<Product, { readonly of: ReadonlyMap<number, number>; readonly from: number }>> = {
  MariaDB: {
    of: new Map([
      [1005, 25],
      [1006, 18],
      [1011, 8],
      [1100, 6],
      [1101, 5],
      [1102, 4],
      [1104, 2],
    ]),
    from: 1105,
  },
  MySQL: { of: new Map([[800, 37]]), from: 804 },
};

/**
 * The first program that can read this server: along PATH, then where packages put it. A text says what is missing, and what
 * to install.
 */
export async function findTool(
  { product, versionNumber }: Pick<Greeting, 'product' | 'versionNumber'>,
  folders: readonly string[] = foldersFor(product),
): Promise<ClientTool | string> {
  const least = Math.floor(versionNumber / 100);
  const unfit: { readonly isOfServer: boolean; readonly flaw: string }[] = [];
  for (const program of folders.flatMap((folder) => NAMES[product].map((name) => programIn(folder, name)))) {
    const version = await versionOf(program);
    if (version === null) continue;
    const flaw = flawOf(program, version, product, least);
    if (flaw === null) return { program, version };
    unfit.push({ isOfServer: version.product === product, flaw });
  }
  const name = NAMES[product][0] ?? '';
  // One of the server's own that is too old says more than one of the other.
  const nearest = unfit.find(({ isOfServer }) => isOfServer) ?? unfit[0];
  const what = nearest?.flaw ?? `${name} is not installed, or not in PATH`;
  const wanted = `${product} ${shown(least)}`;
  return `${what}: install the client programs of ${wanted}, such as the package ${product.toLowerCase()}-client, or take backup: 'copy'.`;
}

/** `null` where the version is fit. */
function flawOf(program: string, version: ToolVersion, product: Product, least: number): string | null {
  const { series, patch, text } = version;
  if (version.product !== product) return `${program} is of ${version.product}, and the server is ${product}`;
  // Every release of MariaDB's series brings what is new to a dump; MySQL's do so with their first number.
  const isOlder = product === 'MariaDB' ? series < least : Math.floor(series / 100) < Math.floor(least / 100);
  if (isOlder) return `${program} is of version ${text} and may not know what ${product} ${shown(least)} has`;
  const { of, from } = FLOORS[product];
  const floor = of.get(series);
  if (series >= from || (floor !== undefined && patch >= floor)) return null;
  const mended = floor === undefined ? '' : `; ${shown(series)}.${floor} does not`;
  return `${program} is of version ${text}, which writes names that the client may execute (CVE-2024-21096)${mended}`;
}

function shown(series: number): string {
  return `${Math.floor(series / 100)}.${series % 100}`;
}

function programIn(folder: string, name: string): string {
  return join(folder, process.platform === 'win32' ? `${name}.exe` : name);
}

function foldersFor(product: Product): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const brewed = product === 'MariaDB' ? ['mariadb'] : ['mysql-client', 'mysql'];
  const usual =
    process.platform === 'win32'
      ? []
      : [
          '/usr/bin',
          '/usr/local/bin',
          `/usr/local/${product.toLowerCase()}/bin`,
          ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap((place) => brewed.map((name) => join(place, name, 'bin'))),
        ];
  return [...new Set([...path, ...usual])];
}

/** `null` where there is none, or it does not run. */
async function versionOf(program: string): Promise<ToolVersion | null> {
  try {
    await access(program, constants.X_OK);
    const running = runTool(program, ['--version'], {});
    let output = '';
    for await (const piece of running.output) output += piece.toString('utf8');
    await running.done;
    return readToolVersion(output);
  } catch {
    return null;
  }
}

/** Of `mysqldump  Ver 9.7.4-2 for Linux`, `mariadb-dump  Ver 10.19 Distrib 10.11.18-MariaDB, …` or `… from 11.8.3-MariaDB, …`. */
export function readToolVersion(output: string): ToolVersion | null {
  const [, major, minor, patch] = /(?:Ver|Distrib|from) (\d+)\.(\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined) return null;
  return {
    product: output.includes('MariaDB') ? 'MariaDB' : 'MySQL',
    series: Number(major) * 100 + Number(minor),
    patch: Number(patch),
    text: `${major}.${minor}.${patch}`,
  };
}
