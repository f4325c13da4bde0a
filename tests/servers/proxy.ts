import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Buffer } from 'node:buffer';

/** What is delivered of the message at which the connection is cut. */
export type CutMode = 'before' | 'after' | 'half';

/** `at`: the message of a client, counted from 1 over all connections, at which its connection is cut. */
export interface Cut {
  readonly at: number;
  readonly mode: CutMode;
  /** From then on nobody gets through any more. */
  readonly forGood?: boolean;
  /** Every other connection is cut with it, as when the process of the client dies. */
  readonly all?: boolean;
}

export interface ProxyOptions {
  readonly cut?: Cut;
  /** The server does not hear that a client is gone, as behind a router that lost its table. */
  readonly hidesDepartures?: boolean;
}

export interface Proxy extends AsyncDisposable {
  /** The server's URL by way of the proxy. */
  readonly url: string;
  /** How many messages clients have sent. */
  readonly messages: number;
  readonly hasCut: boolean;
  /** From now on nothing gets through any more by the connections that there are, and nobody is told. */
  silence(): void;
}

/**
 * Stands between clients and a server of PostgreSQL, MySQL or MariaDB, by the scheme of the URL, and understands just
 * enough of the protocol to tell messages apart. A connection is cut on both sides; what was delivered before, the server
 * reads and executes.
 */
export async function startProxy(
  serverUrl: string,
  { cut, hidesDepartures = false }: ProxyOptions = {},
): Promise<Proxy> {
  const { hostname, port, protocol } = new URL(serverUrl);
  const ends = new Set<() => void>();
  const sockets = new Set<Socket>();
  let silenced: ReadonlySet<Socket> = new Set();
  let messages = 0;
  let hasCut = false;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    const end = (): void => {
      client.destroy();
      upstream.end();
    };
    ends.add(end);
    client.on('close', () => ends.delete(end));
    if (hasCut && cut?.forGood === true) return end();
    const read = messageReader(protocol === 'mysql:' ? mysqlLength : postgresLength());
    client.on('data', (data: Buffer) => {
      if (silenced.has(client)) return;
      for (const message of read(data)) {
        messages += 1;
        if (messages !== cut?.at) {
          upstream.write(message);
          continue;
        }
        hasCut = true;
        if (cut.mode !== 'before')
          upstream.write(message.subarray(0, cut.mode === 'half' ? message.length >> 1 : undefined));
        if (cut.all === true) for (const each of ends) each();
        return end();
      }
    });
    upstream.on('data', (data) => !silenced.has(client) && client.writable && client.write(data));
    client.on('close', () => hidesDepartures || silenced.has(client) || upstream.end());
    upstream.on('close', () => silenced.has(client) || client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    get messages() {
      return messages;
    },
    get hasCut() {
      return hasCut;
    },
    silence: () => void (silenced = new Set(sockets)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** How long the message is that begins here; `null` where that is not there yet. */
type LengthOf = (rest: Buffer) => number | null;

/** Gathers data and gives whole messages. */
function messageReader(lengthOf: LengthOf): (data: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    const whole: Buffer[] = [];
    for (;;) {
      const length = lengthOf(rest);
      if (length === null || rest.length < length) return whole;
      whole.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** The first has no letter in front of its length; nor has what follows a request for TLS. */
function postgresLength(): LengthOf {
  let isStarted = false;
  return (rest) => {
    const lead = isStarted ? 1 : 0;
    if (rest.length < lead + 4) return null;
    const length = lead + rest.readInt32BE(lead);
    if (rest.length >= length) isStarted ||= rest.readInt32BE(4) === PROTOCOL_3;
    return length;
  };
}

const PROTOCOL_3 = 196_608;

/** Three bytes of length and one that counts. */
const mysqlLength: LengthOf = (rest) => (rest.length < 4 ? null : 4 + rest.readUIntLE(0, 3));
