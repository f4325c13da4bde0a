export { DetentModule } from './module.ts';
export { DetentHealthIndicator } from './health.ts';
export type { HealthResult } from './health.ts';
export type { DetentModuleAsyncOptions, DetentModuleOptions, ModuleExtras, ProbeOptions } from './options.ts';
export { executorToken, healthToken, InjectExecutor } from './tokens.ts';
