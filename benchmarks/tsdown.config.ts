import type { UserConfig } from '../tsdown.base.ts';

/** Contenders run as JavaScript, as in an application that is built: none pays for type stripping. */
const config: UserConfig = {
  entry: 'contenders/**/*.ts',
  format: 'esm',
  platform: 'node',
  target: 'node24.15',
  fixedExtension: false,
  dts: false,
  // Every library as npm installs it.
  deps: { neverBundle: true },
  clean: true,
  report: false,
  logLevel: 'warn',
};

export default config;
