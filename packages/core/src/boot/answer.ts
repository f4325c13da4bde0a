import type { BootState } from './boot.ts';

/** Paths that orchestrators ask. */
export interface Probes {
  /** 200 as long as the process answers at all. */
  readonly live: string;
  /** 200 when the migrations are done, 503 before. */
  readonly ready: string;
}

/** What an HTTP server is to answer; names of headers in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const PROBES: Probes = { live: '/livez', ready: '/readyz' };

const RETRY_AFTER_S = 5;

/** The answer to a request for `url`; `null` when it is for the application, which may have it now. */
export function answerFor(state: BootState, url: string, probes: Probes): Answer | null {
  const path = url.replace(/[?#].*$/su, '');
  if (path === probes.live) return live();
  if (path === probes.ready) return ready(state);
  return state.kind === 'ready' ? null : unavailable(state);
}

export function live(): Answer {
  return json(200, { status: 'live' });
}

/** With how far it is. What is wrong is said to the log, not to whoever asks. */
export function ready(state: BootState): Answer {
  const { kind } = state;
  const progress = kind === 'migrating' ? { done: state.done, total: state.total } : {};
  return json(kind === 'ready' ? 200 : 503, { status: kind, ...progress });
}

function unavailable({ kind }: BootState): Answer {
  const detail = kind === 'failed' ? 'The database could not be migrated.' : 'The database is being migrated.';
  const problem = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail };
  return json(503, problem, { 'content-type': 'application/problem+json', 'retry-after': String(RETRY_AFTER_S) });
}

function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}
