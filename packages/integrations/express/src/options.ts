import { checkShape, OPTION_SHAPES, type Options, type Shape } from '@detent/core';
import { PROBES, type Probes } from '@detent/core/boot';
import type { IncomingMessage } from 'node:http';

/** What to show of the migrations, and to whom. */
export interface StatusRoute<Request extends IncomingMessage = IncomingMessage> {
  readonly path: string;
  /** Others get 404. */
  readonly authorize: (request: Request) => boolean | Promise<boolean>;
}

/** Everything that an executor takes, and what concerns requests. */
export interface DetentOptions<Db = unknown, Request extends IncomingMessage = IncomingMessage> extends Options<Db> {
  /** `exit` unless told; `serve-503` answers so until somebody starts the application again. */
  readonly onFailure?: 'exit' | 'serve-503';
  /** `/livez` and `/readyz` unless told. */
  readonly probes?: Partial<Probes>;
  /** No such route unless told. */
  readonly status?: StatusRoute<Request>;
}

export interface CheckedOptions<Db, Request extends IncomingMessage> {
  /** For the executor. */
  readonly migration: Options<Db>;
  readonly onFailure: 'exit' | 'serve-503';
  readonly probes: Probes;
  readonly status: StatusRoute<Request> | null;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  ...OPTION_SHAPES,
  onFailure: { kind: 'choice', of: ['exit', 'serve-503'] },
  probes: { kind: 'object', keys: { live: { kind: 'text' }, ready: { kind: 'text' } } },
  status: { kind: 'object', keys: { path: { kind: 'text' }, authorize: { kind: 'function' } } },
};

/** Throws `CONFIG` for the first key that is unknown or has a wrong value. */
export function checkOptions<Db, Request extends IncomingMessage>(
  options: DetentOptions<Db, Request>,
): CheckedOptions<Db, Request> {
  checkShape(options, SHAPES, '');
  const { onFailure = 'exit', probes = {}, status = null, ...migration } = options;
  return { migration, onFailure, probes: { ...PROBES, ...probes }, status };
}
