import { spawn } from 'node:child_process';
import type { Answer } from './job.ts';

export interface Command {
  /** Node unless told. */
  readonly program?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How it ends when it did what it was started for; 0 unless told. */
  readonly code?: number;
}

/** One line of a table: a program that is started again and again. */
export interface Contestant {
  readonly name: string;
  /** Puts everything in its place, which is not measured, and gives what to start. */
  ready(): Command | Promise<Command>;
  /** Throws when the processes did not do what they were started for. */
  check?(count: number | null): void | Promise<void>;
  /** Started at the same moment and measured together; 1 unless told. */
  readonly processes?: number;
}

export interface Sample {
  /** From before the first start to the last exit. */
  readonly ms: number;
  /** Of all processes together; `null` for a program that does not say. */
  readonly cpuMs: number | null;
  /** Of the largest process. */
  readonly maxRssMb: number | null;
}

/** All samples of one contestant; the same index is the same round, in which all ran one after another. */
export interface Result {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/**
 * Interleaved: A B C A B C …, so that what else the machine does falls on all alike. The first round is not counted;
 * it warms the disk's cache and Node's. Throws when a process fails.
 */
export async function race(contestants: readonly Contestant[], rounds: number): Promise<readonly Result[]> {
  const results = contestants.map((contestant) => ({ name: contestant.name, contestant, samples: [] as Sample[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { contestant, samples } of results) {
      const sample = await measure(contestant);
      if (round > 0) samples.push(sample);
      process.stderr.write(
        `  ${round === 0 ? 'warm-up' : `${round}/${rounds}`} ${contestant.name}: ${Math.round(sample.ms)} ms\n`,
      );
    }
  }
  return results;
}

async function measure(contestant: Contestant): Promise<Sample> {
  const { name, processes = 1 } = contestant;
  const command = await contestant.ready();
  const started = performance.now();
  const ends = await Promise.all(Array.from({ length: processes }, () => start(name, command)));
  const ms = Math.max(...ends.map(({ at }) => at)) - started;
  const answers = ends.flatMap(({ answer }) => (answer === null ? [] : [answer]));
  const counts = answers.map(({ count }) => count);
  await contestant.check?.(counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0));
  if (answers.length === 0) return { ms, cpuMs: null, maxRssMb: null };
  const cpuMs = answers.reduce((sum, answer) => sum + answer.cpuMs, 0);
  return { ms, cpuMs, maxRssMb: Math.max(...answers.map(({ maxRssMb }) => maxRssMb)) };
}

function start(
  name: string,
  { program = process.execPath, args, cwd, env = {}, code: wanted = 0 }: Command,
): Promise<{ at: number; answer: Answer | null }> {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...withoutNodeOptions(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let at = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('exit', () => (at = performance.now()));
    child.once('close', (code) => {
      if (code === wanted) settle({ at, answer: readAnswer(stdout) });
      else reject(new Error(`${name} ended with ${code ?? 'a signal'}:\n${stderr || stdout}`));
    });
  });
}

function readAnswer(stdout: string): Answer | null {
  return stdout.startsWith('{"count"') ? (JSON.parse(stdout) as Answer) : null;
}

function withoutNodeOptions(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, ...rest } = process.env;
  return rest;
}
