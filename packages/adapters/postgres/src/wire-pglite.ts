import type { PgliteDatabase, ServerMessage } from './driver.ts';
import { readAnswers, refused, toStatus, type Status, type Wire } from './wire.ts';

/** A PGlite database: PostgreSQL in this process, with one session and no server beside it. */
export function pgliteWire(database: PgliteDatabase): Wire {
  let status: Status = 'I';
  const run: Wire['run'] = async (text, hear) => {
    const reader = readAnswers(hear);
    try {
      const { messages } = await database.runExclusive(() =>
        database.execProtocol(simpleQuery(text), { throwOnError: false }),
      );
      for (const message of messages as readonly ServerMessage[]) {
        reader.take(message);
        if (message.name === 'readyForQuery') status = toStatus(message.status, status);
      }
    } catch (error) {
      throw refused(error, reader.answers);
    }
    if (reader.error !== null) throw refused(reader.error, reader.answers);
    return reader.answers;
  };
  return {
    db: database,
    startPid: null,
    serverVersion: null,
    get status() {
      return status;
    },
    get isOpen() {
      return !database.closed;
    },

    dropped: null,
    // Nobody else could see a sign of life.
    isIdle: false,
    run,

    // An empty query is answered by the status alone.
    async look() {
      await run('');
      return status;
    },

    async query(text, values) {
      try {
        return (await database.query(text, [...values])).rows;
      } catch (error) {
        throw refused(error, []);
      }
    },

    copy: null,

    // There is no connection that could be gone.
    drop: () => undefined,

    // It is the user's, who closes it.
    close: async () => undefined,
  };
}

/** The protocol's message `Q`. */
function simpleQuery(text: string): Uint8Array {
  const body = Buffer.from(`${text}\0`, 'utf8');
  const message = Buffer.alloc(5 + body.length);
  message.write('Q');
  message.writeInt32BE(4 + body.length, 1);
  body.copy(message, 5);
  return message;
}
