// The backup interface of SQLite, and one reading of the copy for its hash.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import type { Job } from '../job.ts';
import { contend } from './contend.ts';

const EVERY_PAGE = 0x7fff_ffff;

await contend({ backup: copyOut, restore: copyBack });

async function copyOut({ database: path, backup: target }: Job): Promise<number> {
  await copy(path, target);
  await writeHash(target);
  return 1;
}

async function copyBack({ database: path, backup: source }: Job): Promise<number> {
  await writeHash(source);
  await copy(source, path);
  return 1;
}

async function copy(from: string, to: string): Promise<void> {
  const database = new DatabaseSync(from, { readOnly: true });
  await backup(database, to, { rate: EVERY_PAGE });
  database.close();
}

async function writeHash(file: string): Promise<void> {
  await pipeline(createReadStream(file), createHash('sha256'), createWriteStream(`${file}.sha256`));
}
