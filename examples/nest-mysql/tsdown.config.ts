import { defineConfig } from 'tsdown';

// Decorators have to be compiled; Node strips types and changes nothing else.
export default defineConfig({
  entry: 'src/main.ts',
  format: 'esm',
  target: 'node22',
  fixedExtension: false,
  dts: false,
  logLevel: 'warn',
});
