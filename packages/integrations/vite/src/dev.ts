import { relative, resolve, sep } from 'node:path';
import type { ErrorPayload, ViteDevServer } from 'vite';
import {
  asDetentError,
  MigrationScriptExecutor,
  type DetentError,
  type MigrationResult,
  type Options,
} from '@detent/core';
import { screenOf, TerminalRenderer } from '@detent/core/render';
import { overlayOf, readerOf, redoHint } from './overlay.ts';

/** Several files are often written at once. */
const GATHER_MS = 50;

interface Failure {
  readonly errors: readonly DetentError[];
  readonly overlay: ErrorPayload['err'];
}

/**
 * Migrates now and whenever a file of the folder changes; requests wait for a run that goes on. What fails stands in
 * the overlay of every page until it is mended.
 */
export function serveMigrations<Db>(
  options: Options<Db>,
  server: ViteDevServer,
  onFiles: () => void,
): { stop(): Promise<void> } {
  const { logger } = server.config;
  const { migrations = 'migrations', cwd = '.' } = options;
  const folder = typeof migrations === 'string' ? resolve(cwd, migrations) : null;
  const files = {
    showFile: (file: string): string => (folder === null ? file : relative('.', resolve(folder, file))),
    readFile: readerOf(folder),
    target: options.adapter.target,
  };
  let failure: Failure | null = null;
  let isStopped = false;
  let runs: Promise<void> = Promise.resolve();
  let gathering: NodeJS.Timeout | undefined;
  const closing = new AbortController();

  const run = async (work: (executor: MigrationScriptExecutor<Db>) => Promise<MigrationResult>): Promise<void> => {
    if (isStopped) return;
    const before = failure;
    let isChanged = false;
    try {
      await using executor = new MigrationScriptExecutor(options);
      const result = await work(executor);
      const { errors, executed } = result;
      isChanged = executed.length > 0;
      failure = errors.length === 0 ? null : { errors, overlay: overlayOf(errors, result, folder) };
      if (errors.length > 0 || isChanged) tell(result);
    } catch (thrown) {
      const error = asDetentError(thrown, 'INTERNAL', (words) => `Something went wrong that should not have: ${words}`);
      failure = { errors: [error], overlay: overlayOf([error], null, folder) };
      rendered((renderer) => renderer.drawError(error));
    }
    // With no page open Vite would keep the message for the next one, which loads what is so by then.
    if (isStopped || server.ws.clients.size === 0) return;
    if (failure !== null) server.ws.send({ type: 'error', err: failure.overlay });
    else if (before !== null || isChanged) server.ws.send({ type: 'full-reload' });
  };

  const migrate = (): void => {
    runs = runs.then(() => run((executor) => executor.migrate({ signal: closing.signal })));
  };

  const redo = (file: string): void => {
    runs = runs.then(() =>
      run(async (executor) => {
        const edited = (await executor.status()).migrations.find((migration) => migration.file === file);
        const version = edited?.version ?? null;
        const again = await executor.redo(version === null ? {} : { version });
        return again.success ? executor.migrate({ signal: closing.signal }) : again;
      }),
    );
  };

  const tell = (result: MigrationResult): void => rendered((renderer) => renderer.drawExecuted(result));
  const rendered = (draw: (renderer: TerminalRenderer) => void): void => {
    const lines: string[] = [];
    const screen = { ...screenOf(process.stderr), isLive: false, write: (text: string) => void lines.push(text) };
    draw(new TerminalRenderer({ out: screen, err: screen, ...files }));
    const hint = redoHint(failure?.errors ?? []);
    const text = [lines.join('').trimEnd(), ...(hint === null ? [] : [`  ${hint}`])].join('\n\n');
    if (failure === null) logger.info(text, { timestamp: true });
    else logger.error(text, { timestamp: true });
  };

  if (folder !== null) {
    server.watcher.add(folder);
    server.watcher.on('all', (_, path) => {
      if (!resolve(path).startsWith(folder + sep)) return;
      onFiles();
      clearTimeout(gathering);
      gathering = setTimeout(migrate, GATHER_MS);
    });
  }
  server.ws.on('connection', () => {
    if (failure !== null) server.ws.send({ type: 'error', err: failure.overlay });
  });
  server.bindCLIShortcuts({
    customShortcuts: [
      {
        key: 'r',
        description: 'redo the applied migration that was edited, or else restart the server',
        action: async () => {
          const edited = failure?.errors.find(({ code }) => code === 'CHECKSUM')?.facts.place?.file;
          if (edited === undefined) await server.restart();
          else redo(edited);
        },
      },
    ],
  });
  migrate();
  const afterRuns = async (next: () => void): Promise<void> => {
    await runs;
    next();
  };
  server.middlewares.use((_request, _response, next) => void afterRuns(next));

  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(gathering);
      closing.abort();
      await runs;
    },
  };
}
