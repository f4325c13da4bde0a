import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DetentHealthIndicator } from './health.ts';
import { checkOptions, type DetentModuleAsyncOptions, type DetentModuleOptions, type ModuleExtras } from './options.ts';
import { MigrationRun } from './run.ts';
import { executorToken, healthToken, runToken } from './tokens.ts';

/** Import it once for each database, in the root module. What it provides is there everywhere. */
export class DetentModule {
  /** Throws `CONFIG` at once for options that are wrong. */
  static forRoot<Db>({ name, probes, ...options }: DetentModuleOptions<Db> & ModuleExtras): DynamicModule {
    const extras = extrasOf(name, probes);
    checkOptions(options, extras);
    return moduleOf(extras, { inject: [], useFactory: () => options });
  }

  /** For options that come from other providers. */
  static forRootAsync<Db>(options: DetentModuleAsyncOptions<Db>): DynamicModule {
    return moduleOf(extrasOf(options.name, options.probes), options);
  }
}

function extrasOf(name: ModuleExtras['name'], probes: ModuleExtras['probes']): ModuleExtras {
  return { ...(name === undefined ? {} : { name }), ...(probes === undefined ? {} : { probes }) };
}

function moduleOf<Db>(
  extras: ModuleExtras,
  { imports = [], inject = [], useFactory }: DetentModuleAsyncOptions<Db>,
): DynamicModule {
  const run: FactoryProvider<MigrationRun<Db>> = {
    provide: runToken(extras.name),
    inject: [HttpAdapterHost, ...inject],
    useFactory: async (host: HttpAdapterHost, ...injected: readonly unknown[]) => {
      const made = new MigrationRun(checkOptions(await useFactory(...(injected as readonly never[])), extras));
      await made.begin(host.httpAdapter);
      return made;
    },
  };
  const executor: FactoryProvider = {
    provide: executorToken(extras.name),
    inject: [runToken(extras.name)],
    useFactory: (made: MigrationRun<Db>) => made.executor,
  };
  const health: FactoryProvider<DetentHealthIndicator> = {
    provide: extras.name === undefined ? DetentHealthIndicator : healthToken(extras.name),
    inject: [runToken(extras.name)],
    useFactory: (made: MigrationRun<Db>) => new DetentHealthIndicator(made.executor),
  };
  return {
    module: DetentModule,
    global: true,
    imports,
    providers: [run, executor, health],
    exports: [executor.provide, health.provide],
  };
}
