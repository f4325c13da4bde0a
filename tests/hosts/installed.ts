import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConsumer, type Consumer } from '../consumer.ts';
import { root } from '../workspace.ts';
import { quietPort } from './host.ts';

const OWN = ['core', 'sql', 'sqlite', 'express', 'nest', 'vite'].map((name) => `@detent/${name}`);
const TYPES = ['@types/node@22', '@types/express@5'];
const MIGRATION =
  "CREATE TABLE notes (id integer PRIMARY KEY, body text);\nINSERT INTO notes (body) VALUES ('hello');\n";
const READ = "new DatabaseSync(process.env.FILE ?? '').prepare('SELECT body FROM notes').all()";

/** Frameworks that are installed together. */
export interface Generation {
  readonly name: string;
  readonly type: 'module' | 'commonjs';
  /** As npm calls them. */
  readonly others: readonly string[];
}

export const OF_NEST = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express'] as const;

const FILES: Readonly<Record<string, string>> = {
  'migrations/V1_create_notes.sql': MIGRATION,
  'src/express.ts': `import express from 'express';
import { DatabaseSync } from 'node:sqlite';
import { detent } from '@detent/express';
import { sqlite } from '@detent/sqlite';

const app = express();
app.use(detent({ adapter: sqlite({ url: 'sqlite:' + process.env.FILE }), migrations: 'migrations' }));
app.get('/notes', (_, response) => void response.json(${READ}));
app.listen(Number(process.env.PORT));
`,
  'src/nest.ts': `import 'reflect-metadata';
import { DatabaseSync } from 'node:sqlite';
import { Controller, Get, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MigrationScriptExecutor } from '@detent/core';
import { DetentModule, InjectExecutor } from '@detent/nest';
import { sqlite } from '@detent/sqlite';

@Injectable()
class Notes implements OnModuleInit {
  rows: object[] = [];
  constructor(@InjectExecutor() readonly executor: MigrationScriptExecutor) {}
  onModuleInit() {
    this.rows = ${READ};
  }
}

@Controller('notes')
class NotesController {
  constructor(readonly notes: Notes) {}
  @Get() all() {
    return this.notes.rows;
  }
}

@Module({
  imports: [DetentModule.forRoot({ adapter: sqlite({ url: 'sqlite:' + process.env.FILE }), migrations: 'migrations' })],
  controllers: [NotesController],
  providers: [Notes],
})
class AppModule {}

NestFactory.create(AppModule, { logger: ['error'] }).then((app) => app.listen(Number(process.env.PORT)));
`,
  'vite.config.mts': `import { DatabaseSync } from 'node:sqlite';
import { defineConfig } from 'vite';
import { detent } from '@detent/vite';
import { sqlite } from '@detent/sqlite';

export default defineConfig({
  plugins: [
    detent({ adapter: sqlite({ url: 'sqlite:' + process.env.FILE }) }),
    {
      name: 'notes',
      configureServer: ({ middlewares }) =>
        void middlewares.use('/notes', (_, response) => response.end(JSON.stringify(${READ}))),
    },
  ],
  ssr: { noExternal: true, external: ['better-sqlite3'] },
});
`,
  'src/bundled.ts': `import { DatabaseSync } from 'node:sqlite';
import { MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import migrations from 'virtual:detent/migrations';

async function main() {
  await using executor = new MigrationScriptExecutor({ adapter: sqlite({ url: 'sqlite:bundled.db' }), migrations });
  const { success } = await executor.migrate();
  console.log(success, JSON.stringify(new DatabaseSync('bundled.db').prepare('SELECT body FROM notes').all()));
}
void main();
`,
};

const tsconfig = (type: 'module' | 'commonjs'): string =>
  JSON.stringify({
    compilerOptions: {
      module: type === 'module' ? 'nodenext' : 'node20',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable', 'dom'],
      types: ['node', '@detent/vite/client'],
      strict: true,
      // What frameworks declare is theirs.
      skipLibCheck: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      rootDir: 'src',
      outDir: 'built',
    },
    include: ['src'],
  });

/** Applications with the three integrations, each from its tarball: compiled, started, asked. */
export function describeInstalled({ name: beside, type, others }: Generation): void {
  describe(`installed beside ${beside}`, () => {
    let project: Consumer;
    const started: ChildProcess[] = [];

    beforeAll(() => {
      project = openConsumer(OWN, [...others, ...TYPES], type);
      project.write({ ...FILES, 'tsconfig.json': tsconfig(type) });
      const { status, output } = project.run(join(root, 'node_modules/.bin/tsc'), '-p', '.');
      if (status !== 0) throw new Error(output);
    }, 240_000);

    afterAll(async () => {
      for (const child of started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      project[Symbol.dispose]();
    });

    /** Starts it with a database and a port of its own, and gives what it answers. */
    async function notesOf(name: string, args: (port: number) => readonly string[]): Promise<unknown> {
      const port = await quietPort();
      const child = spawn(project.node, ['--no-warnings', ...args(port)], {
        cwd: project.folder,
        env: { ...project.env, FILE: `${name}.db`, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.push(child);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (said += text));
      for (;;) {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${said}`);
        const response = await fetch(`http://127.0.0.1:${port}/notes`).catch(() => null);
        if (response?.status === 200) return response.json();
        await sleep(50);
      }
    }

    test.each(['express', 'nest'])('%s starts, and has its tables', { timeout: 60_000 }, async (name) => {
      expect(await notesOf(name, () => [`built/${name}.js`])).toEqual([{ body: 'hello' }]);
    });

    test('the dev server of Vite starts, and a bundle migrates by itself', { timeout: 60_000 }, async () => {
      const vite = 'node_modules/vite/bin/vite.js';
      expect(await notesOf('vite', (port) => [vite, '--host', '127.0.0.1', '--port', String(port)])).toEqual([
        { body: 'hello' },
      ]);
      const built = project.run(project.node, vite, 'build', '--ssr', 'src/bundled.ts', '--outDir', 'bundle');
      expect(built.status, built.output).toBe(0);
      const [bundle = ''] = globSync('bundle/bundled.*', { cwd: project.folder });
      const { output } = project.run(project.node, '--no-warnings', bundle);
      expect(output.trim()).toBe('true [{"body":"hello"}]');
    });
  });
}
