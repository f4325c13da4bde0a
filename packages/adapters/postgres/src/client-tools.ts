import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runTool } from '@detent/core/backup';

/** `pg_dump` and `pg_restore` of one installation. */
export interface ClientTools {
  readonly dump: string;
  readonly restore: string;
  readonly version: ToolVersion;
}

export interface ToolVersion {
  readonly major: number;
  readonly minor: number;
  /** As the program says it. */
  readonly text: string;
}

/**
 * The first release of each line in which an archive or a server cannot make the programs run something: CVE-2025-8714,
 * CVE-2025-8715 and CVE-2026-6477. Lines before these get no releases any more; later ones have it from their first.
 */
const FLOORS: ReadonlyMap<number, number> = new Map([
  [14, 23],
  [15, 18],
  [16, 14],
  [17, 10],
  [18, 4],
]);
const OLDEST = Math.min(...FLOORS.keys());

/**
 * The first programs that can read a server of `major`, and whatever a pg_dump of the version `archive` has written: along
 * PATH, then where packages put them. A text says what is missing, and what to install.
 */
export async function findTools(
  major: number,
  archive: number = 0,
  folders: readonly string[] = foldersFor(Math.max(major, archive)),
): Promise<ClientTools | string> {
  const least = Math.max(major, archive);
  const unfit: string[] = [];
  for (const folder of folders) {
    const tools = await toolsIn(folder);
    const flaw = tools === null ? null : flawOf(tools, least);
    if (flaw !== null) unfit.push(flaw);
    else if (tools !== null) return tools;
  }
  const what = unfit[0] ?? 'pg_dump and pg_restore are not installed, or not in PATH';
  return `${what}: install the client programs of PostgreSQL ${least}, such as the package postgresql-client-${least}.`;
}

/** `null` where the version is fit. */
function flawOf({ dump, version: { major, minor, text } }: ClientTools, least: number): string | null {
  if (major < least) return `${dump} is of version ${text} and cannot read PostgreSQL ${least}`;
  const floor = FLOORS.get(major) ?? 0;
  if (major >= OLDEST && minor >= floor) return null;
  const mended = FLOORS.get(major);
  return `${dump} is of version ${text}, which runs what a dishonest server or archive tells it (CVE-2025-8714)${mended === undefined ? '' : `; ${major}.${mended} does not`}`;
}

function foldersFor(major: number): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const usual =
    process.platform === 'win32'
      ? [join(process.env['ProgramFiles'] ?? 'C:\\Program Files', 'PostgreSQL', String(major), 'bin')]
      : [
          `/usr/lib/postgresql/${major}/bin`,
          `/usr/pgsql-${major}/bin`,
          `/opt/homebrew/opt/postgresql@${major}/bin`,
          `/usr/local/opt/postgresql@${major}/bin`,
          `/Library/PostgreSQL/${major}/bin`,
        ];
  return [...new Set([...path, ...usual])];
}

/** `null` where there are none, or they do not run. */
async function toolsIn(folder: string): Promise<ClientTools | null> {
  const [dump, restore] = ['pg_dump', 'pg_restore'].map((name) =>
    join(folder, process.platform === 'win32' ? `${name}.exe` : name),
  ) as [string, string];
  try {
    await Promise.all([dump, restore].map((program) => access(program, constants.X_OK)));
    const versions = await Promise.all([dump, restore].map(versionOf));
    const [version] = versions;
    const isOne = versions.every((other) => other?.major === version?.major && other?.minor === version?.minor);
    return version === null || version === undefined || !isOne ? null : { dump, restore, version };
  } catch {
    return null;
  }
}

async function versionOf(program: string): Promise<ToolVersion | null> {
  const running = runTool(program, ['--version'], {});
  let output = '';
  for await (const piece of running.output) output += piece.toString('utf8');
  await running.done;
  return readToolVersion(output);
}

/** Of `pg_dump (PostgreSQL) 15.18 (Debian …)`; a release before the first, such as `19beta1`, has the minor number 0. */
export function readToolVersion(output: string): ToolVersion | null {
  const [, text, major, minor] = /\(PostgreSQL\) ((\d+)(?:\.(\d+)|\w*))/.exec(output) ?? [];
  if (text === undefined || major === undefined) return null;
  return { major: Number(major), minor: Number(minor ?? 0), text };
}
