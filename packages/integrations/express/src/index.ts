export { detent } from './detent.ts';
export type { DetentMiddleware } from './detent.ts';
export type { Handler } from './handler.ts';
export type { DetentOptions, StatusRoute } from './options.ts';
