import type { IncomingMessage, ServerResponse } from 'node:http';

/** What Express, Connect and `node:http` call: the parts of their requests and responses that are used here. */
export type Handler<Request extends IncomingMessage = IncomingMessage> = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;
