import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { MigrationResult } from '@detent/core';
import { answerFor, boot, BootError, endProcess, live, ready, type Answer, type BootState } from '@detent/core/boot';
import type { Handler } from './handler.ts';
import { checkOptions, type DetentOptions } from './options.ts';
import { statusRoute } from './status.ts';

/** A middleware that lets requests through when the migrations are done. Put it before everything else. */
export interface DetentMiddleware<Request extends IncomingMessage = IncomingMessage> extends Handler<Request> {
  readonly state: BootState;
  /** Resolves when the migrations are done; rejects with the run's first error. Nobody has to listen. */
  readonly ready: Promise<MigrationResult>;
  /** The probes alone, for an application that answers them on another port. */
  health(): { readonly live: Handler; readonly ready: Handler };
  /** Ends a run that goes on, waits for its end, and disconnects. */
  close(): Promise<void>;
}

/** Starts to migrate at once. Throws `CONFIG` for options that are wrong. */
export function detent<Db, Request extends IncomingMessage = IncomingMessage>(
  options: DetentOptions<Db, Request>,
): DetentMiddleware<Request> {
  const { migration, onFailure, probes, status } = checkOptions(options);
  const run = boot(migration);
  const showStatus = status === null ? null : statusRoute(migration, status);

  const done = run.ready.catch(async (error: unknown) => {
    const { state } = run;
    if (state.kind === 'failed') {
      const failure = new BootError(state, migration);
      if (onFailure === 'exit') endProcess(failure);
      else process.stderr.write(`${failure.message}\n`);
      // Whoever waits does not end the process with less to say.
      await setImmediate();
    }
    throw error;
  });
  done.catch(() => undefined);

  const gate: Handler<Request> = (request, response, next) => {
    const answer = answerFor(run.state, request.url ?? '/', probes);
    if (answer !== null) write(response, answer);
    else if (showStatus === null) next();
    else showStatus(request, response, next);
  };
  const own: Omit<DetentMiddleware<Request>, keyof Handler> = {
    get state() {
      return run.state;
    },
    ready: done,
    health: () => ({
      live: (_, response) => write(response, live()),
      ready: (_, response) => write(response, ready(run.state)),
    }),
    close: () => run.stop(),
  };
  return Object.defineProperties(gate, Object.getOwnPropertyDescriptors(own)) as DetentMiddleware<Request>;
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}
