import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerFor, type BootState } from '@detent/core/boot';
import type { CheckedProbes } from './options.ts';

/** Whether the request was one that the application does not get. */
export type Gate = (request: IncomingMessage, response: ServerResponse) => boolean;

export function gateOf(state: () => BootState, probes: CheckedProbes): Gate {
  return (request, response) => {
    const answer = answerFor(state(), request.url ?? '/', probes);
    if (answer === null) return false;
    response.writeHead(answer.status, answer.headers).end(answer.body);
    return true;
  };
}

/** Answers where Nest will listen, until it is disposed. Nest listens only when every provider is there. */
export async function listenMeanwhile(
  state: () => BootState,
  probes: CheckedProbes & { readonly port: number },
): Promise<AsyncDisposable> {
  // Migrations being done is not enough: Nest is not there yet.
  const gate = gateOf(() => (state().kind === 'ready' ? { kind: 'starting' } : state()), probes);
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    gate(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(probes.port, probes.host, resolve);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
