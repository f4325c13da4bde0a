import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Cut } from './proxy.ts';

export interface MongoProxy extends AsyncDisposable {
  /** The server's URL by way of the proxy, which stays the only way. */
  readonly url: string;
  /** The command at which everything stood still, such as `insert people`; `null` when nothing did. */
  readonly halted: string | null;
  /** How many commands have come. */
  readonly commands: number;
}

/** How clients and servers find each other, which is no work. */
const GREETINGS: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions']);

/**
 * Stands between clients and a server that speaks MongoDB's protocol. At command number `at`, counted from 1, everything
 * stands still for good: `before` the server gets it, when it has `half` of it, or `after` it has answered, which nobody
 * hears. `halt` is called then.
 */
export async function startMongoProxy(
  serverUrl: string,
  { at, mode }: Pick<Cut, 'at' | 'mode'>,
  halt: () => void,
): Promise<MongoProxy> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let commands = 0;
  let reached: string | null = null;
  let isStill = false;
  const stand = (): void => {
    isStill = true;
    halt();
  };

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    let isAwaited = false;
    const pass = (message: Buffer): void => {
      const command = commandIn(message);
      if (isStill || command === null || ++commands !== at) {
        if (!isStill) upstream.write(message);
        return;
      }
      reached = command;
      if (mode !== 'before') upstream.write(mode === 'half' ? message.subarray(0, message.length >> 1) : message);
      if (mode === 'after') isAwaited = true;
      else stand();
    };
    let rest: Buffer = Buffer.alloc(0);
    client.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
        const message = rest.subarray(0, rest.readInt32LE(0));
        rest = rest.subarray(message.length);
        pass(message);
      }
    });
    upstream.on('data', (data) => {
      if (isAwaited) stand();
      if (!isStill && client.writable) client.write(data);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => isStill || client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A member of a replica set tells clients to come to itself.
  url.search = '?directConnection=true';
  return {
    url: url.href,
    get halted() {
      return isStill ? reached : null;
    },
    get commands() {
      return commands;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const OP_MSG = 2013;
const TEXT = 2;

/** The first name in the body, with what it is about; `null` for a greeting. */
function commandIn(message: Buffer): string | null {
  if (message.readInt32LE(12) !== OP_MSG) return null;
  const element = 16 + 4 + 1 + 4;
  const nameEnd = message.indexOf(0, element + 1);
  const name = message.toString('utf8', element + 1, nameEnd);
  if (GREETINGS.has(name)) return null;
  if (message[element] !== TEXT) return name;
  const about = message.toString('utf8', nameEnd + 5, nameEnd + 4 + message.readInt32LE(nameEnd + 1));
  return `${name} ${about}`;
}
