// What the GitHub action shares with the command; not published.
export { adapterNameOf, isInstalled, loadAdapter } from './adapters.ts';
export type { LoadAdapter } from './adapters.ts';
export { resolveConfig } from './resolve.ts';
export type { Configuration } from './resolve.ts';
