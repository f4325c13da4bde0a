import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import { checkShape, misuse, OPTION_SHAPES, type Options, type Shape } from '@detent/core';
import { PROBES, type Probes } from '@detent/core/boot';

/** Answers orchestrators, before Nest listens and after. */
export interface ProbeOptions extends Partial<Probes> {
  /** Where Nest will listen: until then the probes are answered there, and everything else with 503. */
  readonly port?: number;
  readonly host?: string;
}

/** Everything that an executor takes, and how it lives in an application. */
export interface DetentModuleOptions<Db = unknown> extends Options<Db> {
  /** `bootstrap` unless told; `manual`: the application calls the executor itself. */
  readonly runOn?: 'bootstrap' | 'manual';
  /** `exit` unless told; `serve-503` needs `probes.port`, and answers so until somebody starts the application again. */
  readonly onFailure?: 'exit' | 'serve-503';
}

export interface ModuleExtras {
  /** Tells several databases apart. */
  readonly name?: string;
  /** No probes unless told. */
  readonly probes?: ProbeOptions;
}

export interface DetentModuleAsyncOptions<Db = unknown> extends ModuleExtras, Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: readonly never[]) => DetentModuleOptions<Db> | Promise<DetentModuleOptions<Db>>;
}

export interface CheckedOptions<Db> {
  /** For the executor. */
  readonly migration: Options<Db>;
  readonly runOn: 'bootstrap' | 'manual';
  readonly onFailure: 'exit' | 'serve-503';
  readonly probes: CheckedProbes | null;
}

export interface CheckedProbes extends Probes {
  readonly port: number | null;
  readonly host: string | undefined;
}

const OWN: Readonly<Record<string, Shape>> = {
  runOn: { kind: 'choice', of: ['bootstrap', 'manual'] },
  onFailure: { kind: 'choice', of: ['exit', 'serve-503'] },
};

const EXTRAS: Readonly<Record<string, Shape>> = {
  name: { kind: 'text' },
  probes: {
    kind: 'object',
    keys: {
      port: { kind: 'number', min: 0 },
      host: { kind: 'text' },
      live: { kind: 'text' },
      ready: { kind: 'text' },
    },
  },
};

/** Throws `CONFIG` for the first key that is unknown or has a wrong value. */
export function checkOptions<Db>(options: DetentModuleOptions<Db>, { probes }: ModuleExtras): CheckedOptions<Db> {
  checkShape(options, { ...OPTION_SHAPES, ...OWN }, '');
  checkShape({ probes }, EXTRAS, '');
  const { runOn = 'bootstrap', onFailure = 'exit', ...migration } = options;
  if (onFailure === 'serve-503' && probes?.port === undefined) {
    throw misuse('onFailure is "serve-503", but nothing says on which port.', 'Set probes.port to where Nest listens.');
  }
  const checked = probes === undefined ? null : { ...PROBES, ...probes, port: probes.port ?? null, host: probes.host };
  return { migration, runOn, onFailure, probes: checked };
}
