import type { UserConfig } from 'tsdown';

export type { TsdownPlugin, UserConfig } from 'tsdown';

/** The one way every package here is built: ESM, one file per entry, declarations by isolatedDeclarations. */
export function library(...entry: string[]): UserConfig {
  return {
    entry,
    format: 'esm',
    platform: 'node',
    target: 'node22.18',
    fixedExtension: false,
    dts: { oxc: true },
    sourcemap: true,
    clean: true,
    report: false,
    logLevel: 'warn',
  };
}
