import type { Bookkeeping } from './bookkeeping.ts';
import { collationOf, inSpace, notBooks, optionsOf, own, select, type ObjectQuery } from './objects-sql.ts';

/** Tables with their columns, sequences, and what is computed from tables. */
export function tableQueries(books: Bookkeeping, version: number): readonly ObjectQuery[] {
  const ours = `${inSpace('n')} AND ${notBooks(books, 'n', 'c')} AND c.relpersistence <> 't' AND ${own('pg_class', 'c.oid')}`;
  return [
    { name: 'tables', text: tablesSql(ours, version) },
    {
      name: 'attachments',
      text: `${select("'attachment'", 'pg_inherits', 'c.oid', {
        label: "format('%I.%I in its parent', n.nspname, c.relname)",
        ddl: [
          `CASE WHEN c.relispartition THEN (SELECT format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s', i.inhparent::regclass, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid))
            FROM pg_inherits i WHERE i.inhrelid = c.oid) END`,
        ],
        more: `ARRAY(SELECT format('ALTER TABLE %I.%I INHERIT %s', n.nspname, c.relname, i.inhparent::regclass)
          FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition ORDER BY i.inhseqno)`,
      })}, (SELECT json_agg(i.inhparent) FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ${NATURAL}
        WHERE ${ours} AND c.relkind IN ('r', 'p') AND h.parents IS NOT NULL AND NOT h.natural`,
    },
    {
      name: 'defaults',
      text: `${select("'default'", 'pg_attrdef', 'd.oid', {
        label: "format('default of %I.%I.%I', n.nspname, c.relname, a.attname)",
        ddl: [
          "format('ALTER TABLE %s %I.%I ALTER COLUMN %I SET DEFAULT %s', CASE c.relkind WHEN 'v' THEN '' ELSE 'ONLY' END, n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))",
        ],
      })} FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE ${ours} AND c.relkind IN ('r', 'p', 'v') AND a.attgenerated = ''`,
    },
    { name: 'sequences', text: sequencesSql(ours) },
    {
      name: 'views',
      text: `${select("'view'", 'pg_class', 'c.oid', {
        label: "format('VIEW %I.%I', n.nspname, c.relname)",
        owner: 'c.relowner',
        ddl: [
          `concat(format('CREATE VIEW %I.%I', n.nspname, c.relname), ${optionsOf({ options: 'c.reloptions', prefix: '' })}, ' AS ', rtrim(pg_get_viewdef(c.oid), ';'))`,
        ],
      })} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'v'`,
    },
    {
      name: 'materialized views',
      text: `${select("'materialized view'", 'pg_class', 'c.oid', {
        label: "format('MATERIALIZED VIEW %I.%I', n.nspname, c.relname)",
        owner: 'c.relowner',
        ddl: [
          `concat(format('CREATE MATERIALIZED VIEW %I.%I', n.nspname, c.relname), ${METHOD}, ${optionsOf({ options: 'c.reloptions', prefix: '' })}, ${TABLESPACE}, ' AS ', rtrim(pg_get_viewdef(c.oid), ';'), ' WITH NO DATA')`,
        ],
        more: COLUMN_SETTINGS,
      })} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'm'`,
    },
    {
      name: 'refreshes',
      text: `${select("'refresh'", 'pg_matviews', 'c.oid', {
        label: "format('rows of %I.%I', n.nspname, c.relname)",
        ddl: ["format('REFRESH MATERIALIZED VIEW %I.%I', n.nspname, c.relname)"],
      })}, json_build_array(c.oid) AS parents FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'm' AND c.relispopulated`,
    },
  ];
}

const METHOD = `(SELECT format(' USING %I', m.amname) FROM pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap')`;
const TABLESPACE = `(SELECT format(' TABLESPACE %I', s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace)`;

/**
 * Whether `INHERITS` would give the child's columns the order that they have: those of its parents first, in theirs.
 * Otherwise the child is made by itself and inherits afterwards.
 */
const NATURAL = `(SELECT
    (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents,
    NOT c.relispartition AND coalesce((
      SELECT array_agg(z.attnum ORDER BY z.attnum) = array_agg(z.attnum ORDER BY z.seqno NULLS LAST, z.place, z.attnum)
      FROM (SELECT a.attnum, q.seqno, q.place FROM pg_attribute a LEFT JOIN LATERAL (
          SELECT i.inhseqno AS seqno, b.attnum AS place FROM pg_inherits i
          JOIN pg_attribute b ON b.attrelid = i.inhparent AND b.attname = a.attname AND b.attnum > 0 AND NOT b.attisdropped
          WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1) q ON true
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) z), true) AS natural) h`;

const STORAGES = `CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END`;

/** What CREATE does not say of columns. */
const COLUMN_SETTINGS = `ARRAY(SELECT line FROM (
    SELECT a.attnum, CASE WHEN a.attstorage <> t.typstorage THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STORAGE %s', n.nspname, c.relname, a.attname, ${STORAGES}) END AS line
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT a.attnum, CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET COMPRESSION pglz', n.nspname, c.relname, a.attname)
      WHEN 'l' THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET COMPRESSION lz4', n.nspname, c.relname, a.attname) END
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT a.attnum, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STATISTICS %s', n.nspname, c.relname, a.attname, a.attstattarget)
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
    UNION ALL SELECT a.attnum, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET (%s)', n.nspname, c.relname, a.attname, array_to_string(a.attoptions, ', '))
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attoptions IS NOT NULL
  ) lines WHERE line IS NOT NULL ORDER BY attnum, line)`;

function tablesSql(ours: string, version: number): string {
  // From version 18 on each NOT NULL is a constraint with a name.
  const named = version >= 180_000;
  const notNull = named
    ? `(SELECT format(' CONSTRAINT %I NOT NULL%s', k.conname, CASE WHEN k.connoinherit THEN ' NO INHERIT' END) FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.convalidated AND k.conkey[1] = a.attnum)`
    : `CASE WHEN a.attnotnull THEN ' NOT NULL' END`;
  const columns = `(SELECT string_agg(concat(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ${collationOf('a.attcollation', 't.typcollation')},
      CASE a.attgenerated WHEN 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid)) WHEN 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid)) END,
      ${notNull}), ', ' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR NOT h.natural OR h.parents IS NULL))`;
  const inherited = named
    ? `SELECT format('ALTER TABLE ONLY %I.%I ADD CONSTRAINT %I NOT NULL %I', n.nspname, c.relname, k.conname, a.attname)
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conislocal AND k.convalidated AND h.natural AND h.parents IS NOT NULL AND NOT a.attislocal ORDER BY a.attnum`
    : `SELECT format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET NOT NULL', n.nspname, c.relname, a.attname)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND h.natural AND h.parents IS NOT NULL AND NOT a.attislocal ORDER BY a.attnum`;
  return `${select("'table'", 'pg_class', 'c.oid', {
    label: "format('TABLE %I.%I', n.nspname, c.relname)",
    owner: 'c.relowner',
    ddl: [
      `concat('CREATE ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, format('TABLE %I.%I (', n.nspname, c.relname), ${columns}, ')',
        CASE WHEN h.natural THEN ' INHERITS (' || h.parents || ')' END,
        CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END, ${METHOD},
        ${optionsOf({ options: 'c.reloptions', prefix: '' }, { options: '(SELECT o.reloptions FROM pg_class o WHERE o.oid = c.reltoastrelid)', prefix: 'toast.' })}, ${TABLESPACE})`,
      `CASE WHEN c.reloftype <> 0 THEN format('ALTER TABLE %I.%I OF %s', n.nspname, c.relname, format_type(c.reloftype, NULL)) END`,
      `CASE c.relreplident WHEN 'f' THEN format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY FULL', n.nspname, c.relname) WHEN 'n' THEN format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY NOTHING', n.nspname, c.relname) END`,
    ],
    more: `ARRAY(${inherited}) || ${COLUMN_SETTINGS}`,
  })} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ${NATURAL}
    WHERE ${ours} AND c.relkind IN ('r', 'p')`;
}

function sequencesSql(ours: string): string {
  const settings = `format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s', q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)`;
  const owner = (type: string, text: string): string =>
    `(SELECT ${text} FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = '${type}' AND d.refobjsubid > 0)`;
  return `${select("'sequence'", 'pg_class', 'c.oid', {
    label: "format('SEQUENCE %I.%I', n.nspname, c.relname)",
    owner: 'c.relowner',
    ddl: [
      `coalesce(${owner(
        'i',
        `format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I %s)', d.refobjid::regclass, a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, n.nspname, c.relname, ${settings})`,
      )}, format('CREATE %sSEQUENCE %I.%I AS %s %s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, n.nspname, c.relname, format_type(q.seqtypid, NULL), ${settings}))`,
      owner(
        'a',
        "format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, c.relname, d.refobjid::regclass, a.attname)",
      ),
    ],
  })} FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`;
}
