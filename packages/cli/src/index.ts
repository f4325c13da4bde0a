export { defineConfig } from '@detent/core';
export type { DetentConfig } from '@detent/core';
