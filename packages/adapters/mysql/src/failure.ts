/** What the server said, or the operating system. */
export interface Failure {
  /** `lost`: there is no connection any more. */
  readonly kind: 'refused' | 'lost';
  /** The server's error number as text, or the system's code such as `ECONNREFUSED`; empty where neither is known. */
  readonly code: string;
  /** SQLSTATE; empty where the server said nothing. */
  readonly state: string;
  readonly message: string;
}

/** Reads an error of mysql2 or of a socket. */
export function failureFrom(thrown: unknown): Failure {
  const field = (name: string): unknown =>
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  const errno = field('errno');
  const state = field('sqlState');
  const fromServer = typeof errno === 'number' && errno > 0 && typeof state === 'string';
  const code = fromServer ? String(errno) : textOf(field('code'));
  return {
    kind: !fromServer || ENDING.has(errno) ? 'lost' : 'refused',
    code,
    state: fromServer ? state : '',
    message: messageOf(thrown, textOf(field('message'))),
  };
}

/** The server says them in place of an answer, and closes the connection: shut down, killed, idle for too long. */
const ENDING = new Set([1053, 1927, 3168, 3169, 4031]);

function messageOf(thrown: unknown, message: string): string {
  if (message !== '') return message.replace(/\.$/, '');
  // Where a name has several addresses, Node gathers what went wrong with each.
  const [first] = thrown instanceof AggregateError ? (thrown.errors as readonly unknown[]) : [];
  return first instanceof Error ? first.message : String(thrown);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An error without the statement that the driver copies into it, which may hold a password. */
export function withoutStatement(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) Reflect.deleteProperty(thrown, 'sql');
  return thrown;
}
