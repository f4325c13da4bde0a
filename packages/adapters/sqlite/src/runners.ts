import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Real processes that work on a database, for tests. */
export interface Runner {
  readonly process: ChildProcess;
  /** Waits until it has said this. */
  said(word: string): Promise<void>;
  /** Lets it go on. */
  poke(): void;
  /** Everything it said, when it has ended; with what it complained of. */
  ended(): Promise<string>;
}

export function startRunner(...args: readonly string[]): Runner {
  const script = fileURLToPath(new URL('./fixtures/runner.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', '--no-warnings', script, ...args], { stdio: 'pipe' });
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const end = once(child, 'close');
  return {
    process: child,
    async said(word) {
      while (!heard.includes(word)) {
        const more = await Promise.race([once(child.stdout, 'data').then(() => true), end.then(() => false)]);
        if (!more && !heard.includes(word)) throw new Error(`The runner ended without "${word}": ${heard}`);
      }
    },
    poke: () => void child.stdin.write('go\n'),
    async ended() {
      await end;
      return heard.trim();
    },
  };
}
