import { statementHash } from '../history/schema-version-service.ts';
import type { Intent } from '../ports/history.ts';
import type { Statement } from '../ports/script.ts';
import type { Attempt } from './attempt.ts';
import type { RunContext } from './context.ts';

/**
 * What is about to happen, with what shows later whether it did; `null` statement for code. Gives `null` for statements
 * that change neither schema nor rows: those run again.
 */
export async function intentOf<Db>(
  context: RunContext<Db>,
  { step }: Attempt<Db>,
  about: { readonly statement: Statement; readonly index: number } | null,
): Promise<Intent | null> {
  const { info, loaded } = step;
  const base: Intent = {
    statement: about?.index ?? null,
    hash: about === null ? null : statementHash(about.statement.text),
    kind: 'code',
    direction: info.direction,
    fingerprint: '',
    scope: null,
    after: null,
    idempotent: loaded.idempotent,
  };
  if (about === null) return base;
  switch (about.statement.kind) {
    case 'query':
    case 'session':
      return null;
    case 'data':
    case 'ddl':
    case 'transaction': {
      const isData = about.statement.kind === 'data';
      if (loaded.idempotent) return { ...base, kind: isData ? 'data' : 'ddl' };
      const trace = await context.session.trace(about.statement);
      switch (trace.kind) {
        case 'schema': {
          const { fingerprint, scope, after } = trace;
          return { ...base, kind: 'ddl', fingerprint, scope, after };
        }
        case 'rows': {
          const { fingerprint, scope } = trace;
          return { ...base, kind: 'data', fingerprint, scope };
        }
        case 'idempotent':
          return { ...base, kind: 'ddl', idempotent: true };
        case 'none':
          return { ...base, kind: isData ? 'data' : 'unseen' };
      }
    }
  }
}

/** Whether schema or rows tell something about it later. */
export function isTraced(intent: Intent | null): intent is Intent {
  if (intent === null || intent.idempotent) return false;
  return intent.kind === 'ddl' || (intent.kind === 'data' && intent.scope !== null);
}
