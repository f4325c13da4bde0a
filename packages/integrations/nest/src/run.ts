import type { HttpAdapterHost } from '@nestjs/core';
import { MigrationScriptExecutor } from '@detent/core';
import { boot, BootError, lendExitCode, type Boot, type BootState } from '@detent/core/boot';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gateOf, listenMeanwhile } from './meanwhile.ts';
import type { CheckedOptions } from './options.ts';

/** What Nest is asked of the platform. */
type Adapter = Pick<HttpAdapterHost['httpAdapter'], 'use'> | null | undefined;

/** The migrations of one database in the life of an application. Nest calls the hooks. */
export class MigrationRun<Db> {
  readonly executor: MigrationScriptExecutor<Db>;
  #boot: Boot | null = null;
  #meanwhile: AsyncDisposable | null = null;
  readonly #options: CheckedOptions<Db>;

  constructor(options: CheckedOptions<Db>) {
    this.#options = options;
    this.executor = new MigrationScriptExecutor(options.migration);
  }

  /** `null` when the application migrates by itself. */
  get state(): BootState | null {
    return this.#boot?.state ?? null;
  }

  /** Resolves when the migrations are done, and no sooner: what depends on it is not made before. */
  async begin(adapter: Adapter): Promise<void> {
    const { migration, probes, runOn } = this.#options;
    const run = runOn === 'bootstrap' ? boot(migration) : null;
    this.#boot = run;
    if (probes !== null) {
      const gate = gateOf(() => run?.state ?? { kind: 'starting' }, probes);
      adapter?.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (!gate(request, response)) next();
      });
      const { port } = probes;
      if (run !== null && port !== null) this.#meanwhile = await listenMeanwhile(() => run.state, { ...probes, port });
    }
    if (run !== null) await this.#done(run);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#meanwhile?.[Symbol.asyncDispose]();
    this.#meanwhile = null;
  }

  async onModuleDestroy(): Promise<void> {
    await this.#boot?.stop();
    await this.executor.close();
  }

  async #done(run: Boot): Promise<void> {
    try {
      await run.ready;
    } catch (thrown) {
      const { state } = run;
      // Nest would call what is wanted a failure; the process ends by the signal that stopped the run.
      if (state.kind === 'stopped') await this.onApplicationBootstrap().then(forEver);
      if (state.kind !== 'failed') throw thrown;
      const error = new BootError(state, this.#options.migration);
      if (this.#options.onFailure === 'exit') {
        await this.onApplicationBootstrap();
        lendExitCode(error);
        throw error;
      }
      process.stderr.write(`${error.message}\n`);
      await forEver();
    }
  }
}

function forEver(): Promise<never> {
  return new Promise(() => undefined);
}
