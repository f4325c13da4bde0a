// The program of the processes that the kit starts, and kills. Its one argument is a `Job` as JSON.
import { createInterface } from 'node:readline';
import { exitCodeOf, MigrationScriptExecutor, type Options } from '@detent/core';
import { broken } from './broken.ts';
import { sourceOf, type Draft } from './draft.ts';
import type { ConformanceTarget } from './target.ts';
import { watchedAdapter } from './watched.ts';

/** What a process is to do. */
export interface Job {
  /** Address of the module that exports `target`. */
  readonly module: string;
  readonly url: string;
  readonly folder: string;
  readonly drafts: readonly Draft[];
  readonly options: Omit<Partial<Options>, 'adapter' | 'migrations'>;
  /** Says `ready` and begins when it hears a line. */
  readonly waits: boolean;
  /** The call, counting from 1, at which it kills itself; `null`: never. */
  readonly killAt: number | null;
  /** Says `paused` before the first call that contains this, and goes on when it hears a line; `null`: never. */
  readonly pauseAt: string | null;
  /** `down`: all the way back. */
  readonly way: 'up' | 'down';
  /** One of `BREAKAGES`, to which its sessions fall victim; `null`: they are as they should be. */
  readonly breakage: string | null;
}

/** What it says at the end, as its last line. */
export interface JobReport {
  readonly success: boolean;
  readonly exit: number;
  readonly executed: readonly string[];
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly calls: number;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const { target } = (await import(job.module)) as { target: ConformanceTarget };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (word: string): void => void process.stdout.write(`${word}\n`);

let calls = 0;
let hasPaused = false;
const count = async (call: string): Promise<void> => {
  calls += 1;
  if (calls === job.killAt) process.kill(process.pid, 'SIGKILL');
  if (job.pauseAt === null || hasPaused || !call.includes(job.pauseAt)) return;
  hasPaused = true;
  say('paused');
  await lines.next();
};

const watched = watchedAdapter(target.adapter(job.url), count);
const executor = new MigrationScriptExecutor({
  cwd: job.folder,
  username: 'tester',
  ...job.options,
  adapter: job.breakage === null ? watched : broken(job.breakage)(watched),
  migrations: sourceOf(job.drafts, target.language, ({ kind }) => count(`before the command ${kind}`)),
});
if (job.waits) {
  say('ready');
  await lines.next();
}
const result = await (job.way === 'down' ? executor.down({ to: '0' }) : executor.migrate());
await executor.close();
const report: JobReport = {
  success: result.success,
  exit: exitCodeOf(result),
  executed: result.executed.map(({ id }) => id),
  errors: result.errors.map(({ code, message }) => ({ code, message })),
  calls,
};
say(JSON.stringify(report));
process.stdin.destroy();
