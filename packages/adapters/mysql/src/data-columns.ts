import { mariadb, quoteIdent } from '@detent/sql';

/**
 * How a value is written back: `number` bare, `text` in quotes since it is plain ASCII, `bytes` in hexadecimal, `json` in
 * hexadecimal as UTF-8.
 */
export type Form = 'number' | 'text' | 'bytes' | 'json';

/** What a kind of column needs so that no value passes through anything that knows its type. */
interface Treatment {
  readonly form: Form;
  /** What is read: the server's own text of it, or its bytes. */
  readonly read: (column: string) => string;
  /** What is hashed: never longer than a row may be, and the same wherever it is asked. */
  readonly hashed: (column: string) => string;
}

const asIs = (column: string): string => column;
/** Four bytes show six digits; as a double they show all of them, and the sign of zero. */
const asDouble = (column: string): string => `${column} * 1e0`;
/** The number of an element, since there may be two of one name; of bits, what they come to. Adding 0 loses some of 64. */
const asNumber = (column: string): string => `CAST(${column} AS UNSIGNED)`;

const plain = (form: Form, read: (column: string) => string): Treatment => ({
  form,
  read,
  hashed: (column) => `IFNULL(${read(column)}, 'N')`,
});
const short: Treatment = {
  form: 'bytes',
  read: asIs,
  hashed: (column) => `IFNULL(LENGTH(${column}), 'N'), IFNULL(CAST(${column} AS BINARY), '')`,
};
const long: Treatment = { form: 'bytes', read: asIs, hashed: (column) => `IFNULL(SHA2(${column}, 256), 'N')` };
const spatial: Treatment = { ...long, hashed: (column) => `IFNULL(SHA2(HEX(${column}), 256), 'N')` };
const json: Treatment = {
  form: 'json',
  read: asIs,
  // Read again, since a decimal may have come back as a double where a document is very long.
  hashed: (column) => `IFNULL(SHA2(CAST(CAST(CAST(${column} AS CHAR) AS JSON) AS CHAR), 256), 'N')`,
};

const TREATMENTS: readonly (readonly [Treatment, string])[] = [
  [plain('number', asIs), 'tinyint smallint mediumint int bigint'],
  [plain('number', asNumber), 'bit enum set'],
  [plain('text', asIs), 'decimal double date time datetime timestamp year inet4 inet6 uuid'],
  [plain('text', asDouble), 'float'],
  [short, 'char varchar binary varbinary'],
  [long, 'tinytext text mediumtext longtext tinyblob blob mediumblob longblob'],
  [
    spatial,
    'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection vector',
  ],
  [json, 'json'],
];

const BY_TYPE: ReadonlyMap<string, Treatment> = new Map(
  TREATMENTS.flatMap(([treatment, types]) => types.split(' ').map((type) => [type, treatment] as const)),
);

/** Whether there is a way to keep values of this type, as information_schema calls it. */
export function isKnownType(type: string): boolean {
  return BY_TYPE.has(type.toLowerCase());
}

export interface Column {
  readonly name: string;
  readonly type: string;
  /** Worked out by the server, and not copied: where it is stored it is summed up, else it may be another one each time. */
  readonly generated: 'no' | 'stored' | 'virtual';
}

export function formOf({ type }: Column): Form {
  return treatmentOf(type).form;
}

/** What of a row is read, in order. */
export function readTerms(columns: readonly Column[]): readonly string[] {
  return columns.map(({ name, type }) => treatmentOf(type).read(quoteIdent(mariadb, name)));
}

/** Twelve bytes that stand for the whole row. `null` for a row that the server cannot put together. */
export function hashTerm(columns: readonly Column[]): string {
  const terms = columns
    .filter(({ generated }) => generated !== 'virtual')
    .map(({ name, type }) => treatmentOf(type).hashed(quoteIdent(mariadb, name)));
  return `UNHEX(LEFT(SHA2(CONCAT_WS('|', ${terms.join(', ')}), 256), 24))`;
}

function treatmentOf(type: string): Treatment {
  const found = BY_TYPE.get(type.toLowerCase());
  if (found === undefined) throw new Error(`values of the type ${type} cannot be kept`);
  return found;
}
