// MongoDB's wire protocol before DocumentDB: `node documentdb-gateway.ts <port of PostgreSQL> <port> <replica set | standalone>`.
// Hands every document through byte by byte; what it knows itself is what a server knows of its clients.
import { createServer } from 'node:net';
import process from 'node:process';
import { Pool } from 'pg';
import { serialize, valueOf } from './documentdb-bson.ts';
import { runCommand } from './documentdb-commands.ts';
import { createCursors } from './documentdb-cursors.ts';
import { failed } from './documentdb-errors.ts';
import type { Client, Gateway } from './documentdb-sessions.ts';
import { serve, type Command } from './documentdb-wire.ts';

const [pgPort = '', port = '', mode = ''] = process.argv.slice(2);
const isStandalone = mode === 'standalone';
const pool = new Pool({ host: '127.0.0.1', port: Number(pgPort), user: 'postgres', database: 'postgres', max: 200 });
pool.on('error', () => undefined);

const gateway: Gateway = {
  pool,
  isStandalone,
  transactions: new Map(),
  cursors: createCursors(),
  running: new Map(),
  nextNumber: 1,
};

function hello(client: Client, command: Command): Buffer {
  const asked = valueOf(command.elements.get('client')) as { application?: { name?: string } } | undefined;
  if (asked?.application?.name !== undefined) client.appName = asked.application.name;
  const me = `127.0.0.1:${port}`;
  return serialize({
    helloOk: true,
    isWritablePrimary: true,
    ismaster: true,
    ...(isStandalone ? {} : { secondary: false, setName: mode, setVersion: 1, hosts: [me], me, primary: me }),
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: client.number,
    minWireVersion: 0,
    maxWireVersion: 25,
    readOnly: false,
    ok: 1,
  });
}

const server = createServer((socket) => {
  const client: Client = { number: gateway.nextNumber++, appName: null };
  serve(socket, async (command) => {
    const name = command.name.toLowerCase();
    if (name === 'hello' || name === 'ismaster') return hello(client, command);
    try {
      return await runCommand(gateway, client, command);
    } catch (error) {
      return failed(error);
    }
  });
});

server.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
