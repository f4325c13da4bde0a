import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { checksumOf, plainChecksum, textOf } from './checksum.ts';
import { readBytes, readPlain } from './content.ts';

const folder = mkdtempSync(join(tmpdir(), 'detent-content-'));
const path = join(folder, 'V1_x.sql');

afterAll(() => rmSync(folder, { recursive: true }));

const piece = fc.oneof(
  fc.constantFrom('select 1;\n', 'create table a (id int);\n').map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.constantFrom('\r\n', '\0', '\u{FEFF}', '\u{FFFD}', 'é', '🙂', ' ').map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
);

test('F41 what is read as text has the hash and the text of its bytes', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      writeFileSync(path, Buffer.concat(pieces));
      const text = readPlain(path);
      if (text === null) return;
      plain += 1;
      const bytes = readBytes(path);
      expect(text).toBe(textOf(bytes));
      expect(checksumOf(bytes)).toEqual({ checksum: plainChecksum(text), rawChecksum: plainChecksum(text) });
    }),
    { numRuns: 500 },
  );
  expect(plain).toBeGreaterThan(20);
});

test.each(['', ' x', '\u{FEFF}x', 'a\r\nb', 'a\0', 'a\u{FFFD}'])('%j is looked at byte by byte', (written) => {
  writeFileSync(path, written);
  expect(readPlain(path)).toBeNull();
});

test('F105 a link in the place of a file is not followed', () => {
  const link = join(folder, 'V2_x.sql');
  symlinkSync(path, link);
  expect(() => readPlain(link)).toThrow('ELOOP');
});
