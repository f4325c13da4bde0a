import type { IncomingMessage } from 'node:http';
import { MigrationScriptExecutor, type Options } from '@detent/core';
import type { Handler } from './handler.ts';
import type { StatusRoute } from './options.ts';

/** Answers GET on the route's path with the state of every migration, to those who may see it; 404 to all others. */
export function statusRoute<Db, Request extends IncomingMessage>(
  options: Options<Db>,
  { path, authorize }: StatusRoute<Request>,
): Handler<Request> {
  const answer: (...call: Parameters<Handler<Request>>) => Promise<void> = async (request, response, next) => {
    try {
      if (!(await authorize(request))) {
        response.writeHead(404).end();
        return;
      }
      await using executor = new MigrationScriptExecutor(options);
      const body = JSON.stringify(await executor.status());
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
    } catch (thrown) {
      next(thrown);
    }
  };
  return (request, response, next) => {
    const isAsked = request.method === 'GET' && request.url?.replace(/[?#].*$/su, '') === path;
    if (isAsked) void answer(request, response, next);
    else next();
  };
}
