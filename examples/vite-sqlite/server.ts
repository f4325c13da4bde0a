import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import migrations from 'virtual:detent/migrations';
import { answer, databaseFile } from './src/notes.ts';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };
const port = Number(process.env['PORT'] ?? 3000);

async function main(): Promise<void> {
  await using executor = new MigrationScriptExecutor({
    adapter: sqlite({ url: `sqlite:${databaseFile}` }),
    migrations,
  });
  const [error] = (await executor.migrate()).errors;
  if (error !== undefined) throw error;
  createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/api/notes') answer(response);
    else
      void servePage(pathname === '/' ? '/index.html' : pathname).then(({ status, type, body }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      );
  }).listen(port, () => console.log(`http://127.0.0.1:${port}/`));
}

async function servePage(path: string): Promise<{ status: number; type: string; body: Buffer }> {
  try {
    return {
      status: 200,
      type: TYPES[extname(path)] ?? 'text/plain',
      body: await readFile(join(import.meta.dirname, 'client', path)),
    };
  } catch {
    return { status: 404, type: 'text/plain', body: Buffer.from('Not found') };
  }
}

void main();
