/** What the server said, or the operating system, whichever driver passed it on. */
export interface Failure {
  /** `lost`: there is no connection any more. */
  readonly kind: 'refused' | 'lost';
  /** SQLSTATE, or the system's code such as `ECONNREFUSED`; empty where neither is known. */
  readonly code: string;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  /** In characters from 0, in the text that was sent. */
  readonly position: number | null;
  /** The functions that were being executed. */
  readonly where: string | null;
  readonly constraint: string | null;
  readonly table: string | null;
}

/** Reads an error of `pg`, of PGlite, or of a socket. */
export function failureFrom(thrown: unknown): Failure {
  const field = (name: string): string | null => {
    const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const code = field('code') ?? '';
  const position = Number(field('position') ?? Number.NaN);
  const fatal = field('severity') === 'FATAL' || field('severity') === 'PANIC';
  const fromServer = field('severity') !== null && /^[0-9A-Z]{5}$/.test(code);
  return {
    kind: !fromServer || fatal || LOST.test(code) ? 'lost' : 'refused',
    code,
    message: messageOf(thrown, field('message')),
    detail: field('detail'),
    hint: field('hint'),
    position: Number.isInteger(position) && position > 0 ? position - 1 : null,
    where: field('where'),
    constraint: field('constraint'),
    table: field('table'),
  };
}

/** Connection exceptions, and the server's going down. */
const LOST = /^(08|57P0)/;

function messageOf(thrown: unknown, message: string | null): string {
  if (message !== null) return message.replace(/\.$/, '');
  // Where a name has several addresses, Node gathers what went wrong with each.
  const [first] = thrown instanceof AggregateError ? (thrown.errors as readonly unknown[]) : [];
  return first instanceof Error ? first.message : String(thrown);
}
