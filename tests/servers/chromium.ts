import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';

interface Found {
  readonly program: string | null;
  readonly reason: string;
}

/** In place of one that is installed. */
const named = process.env['DETENT_TEST_CHROMIUM'];

/** The program of a headless browser. `null`, and said at the end of the run, where none can be had. */
export async function chromium(): Promise<string | null> {
  const { program, reason } = await once<Found>('chromium', async () => find());
  if (program === null) reportNotRun({ suite: 'Chromium', reason, required: false });
  return program;
}

function find(): Found {
  const program = programPath() ?? (install() ? programPath() : null);
  if (program !== null) return { program, reason: '' };
  const none = 'it is not installed, and no package of Debian can be';
  return { program, reason: named === undefined ? none : `there is none at ${named}` };
}

function programPath(): string | null {
  if (named !== undefined) return existsSync(named) ? named : null;
  const names = ['chromium-headless-shell', 'chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];
  return names.map((name) => `/usr/bin/${name}`).find((path) => existsSync(path)) ?? null;
}

function install(): boolean {
  if (named !== undefined || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 240_000 }).status === 0;
  const get = ['install', '-y', '--no-install-recommends', 'chromium-headless-shell', 'fonts-dejavu-core'];
  return apt(...get) || (apt('update') && apt(...get));
}
