import { expect, test } from 'vitest';
import { readDump } from './dump-script.ts';
import { bytesOf, rowsIn } from './dump-values.ts';

const HEAD = `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.18-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: it's    Database: a;b
/*!40101 SET NAMES utf8mb4 */;
`;
const END = `
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-01-01  0:00:00
`;
const TABLE = `--
-- Table structure for table \`t;\`\`'\`
--
CREATE TABLE \`t;\`\`'\` (
  \`a\` int(11) DEFAULT 7 COMMENT 'it''s ; \\\\',
  \`b "c\` varchar(5) DEFAULT NULL
) ENGINE=InnoDB;
`;
const ROWS = `LOCK TABLES \`t;\`\`'\` WRITE;
INSERT INTO \`t;\`\`'\` (\`a\`, \`b "c\`, row_start) VALUES (1,'x;\\'\\\\',NULL),
(-2.5e-7,0x00fF,''),(3,'it''s\\n\\0\\Z é 😀','');
`;
const TRIGGER = `DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN
INSERT INTO \`t;\`\`'\` (\`a\`) VALUES (666);
SET @x = 'open; END */;;
DELIMITER ;
`;

async function* inPieces(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What is found, in a form to compare. */
async function read(text: string | Buffer, size = 1 << 16): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const part of readDump(inPieces(text, size))) {
    if (part.kind === 'table') found.push([part.name, part.text.length]);
    else
      for (const row of rowsIn(part))
        found.push([
          part.table,
          part.columns,
          row.map((literal) => [literal.kind, bytesOf(part.bytes, literal).toString('latin1')]),
        ]);
  }
  return found;
}

test('tables and rows are found, and nothing of comments and programs', async () => {
  const columns = ['a', 'b "c', 'row_start'];
  const name = "t;`'";
  expect(await read(HEAD + TABLE + ROWS + TRIGGER + END)).toEqual([
    [name, TABLE.length - TABLE.indexOf('CREATE') - ';\n'.length],
    [
      name,
      columns,
      [
        ['number', '1'],
        ['text', "x;'\\"],
        ['null', 'NULL'],
      ],
    ],
    [
      name,
      columns,
      [
        ['number', '-2.5e-7'],
        ['hex', '\x00\xff'],
        ['text', ''],
      ],
    ],
    [
      name,
      columns,
      [
        ['number', '3'],
        ['text', Buffer.from("it's\n\0\x1a é 😀").toString('latin1')],
        ['text', ''],
      ],
    ],
  ]);
});

test.each([1, 2, 3, 7, 64])('it does not matter in which pieces it comes: %i bytes', async (size) => {
  const whole = HEAD + TABLE + ROWS + TRIGGER + TABLE + ROWS + END;
  expect(await read(whole, size)).toEqual(await read(whole));
});

test('F89 a dump that is cut anywhere is no dump', async () => {
  const whole = HEAD + TABLE + ROWS + TRIGGER + END;
  for (let length = 0; length < whole.indexOf('-- Dump completed') + '-- Dump completed'.length; length += 1)
    await expect(read(whole.slice(0, length)), `cut to ${length}`).rejects.toThrow('ends too early');
});

test.each([
  'f()',
  '(SELECT 1)',
  "CONCAT('a')",
  "'a' 'b'",
  '@x',
  '1+sleep(1)',
  '/**/1',
  '0x',
  '0xZZ',
  "N'x'",
  '1) ON DUPLICATE KEY UPDATE a=(1',
])('F94 %s in the place of a value is refused', async (value) => {
  await expect(read(`INSERT INTO \`t\` (\`a\`) VALUES (${value});${END}`)).rejects.toThrow(
    /more than values|form that is not known|ends too early/,
  );
});

test('F94 an INSERT of another form is refused', async () => {
  for (const text of [
    'INSERT INTO `t` SELECT * FROM `secret`',
    'INSERT INTO `t` VALUES (1)',
    'INSERT INTO x.`t` (`a`) VALUES (1)',
  ])
    await expect(read(`${text};${END}`)).rejects.toThrow('form that is not known');
});

test('rows with too few or too many values, and bytes that are no text, are refused', async () => {
  for (const values of ['1,2', "'a','b','c'"])
    await expect(read(`INSERT INTO \`t\` (\`a\`) VALUES (${values});${END}`)).rejects.toThrow('more than values');
  const text = [Buffer.from("INSERT INTO `t` (`a`) VALUES ('"), Buffer.from([0xff]), Buffer.from(`');${END}`)];
  await expect(read(Buffer.concat(text))).rejects.toThrow('no text');
});
