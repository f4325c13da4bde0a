export { detent } from './plugin.ts';
export type { DetentPluginOptions } from './plugin.ts';
