import type { Bookkeeping } from './bookkeeping.ts';
import { inSpace, notBooks, optionsOf, own, select, type ObjectQuery } from './objects-sql.ts';

/** What stands on tables and is made when their rows are there; and what belongs to the database as a whole. */
export function attachedQueries(books: Bookkeeping): readonly ObjectQuery[] {
  const ours = `${inSpace('n')} AND ${notBooks(books, 'n', 'c')} AND c.relpersistence <> 't' AND ${own('pg_class', 'c.oid')}`;
  const table = "format('%I.%I', n.nspname, c.relname)";
  const from = (catalogue: string, relation: string): string =>
    `FROM ${catalogue} o JOIN pg_class c ON c.oid = o.${relation} JOIN pg_namespace n ON n.oid = c.relnamespace`;
  return [
    {
      name: 'domain constraints',
      text: `${select("'domain constraint'", 'pg_constraint', 'o.oid', {
        label: "format('CONSTRAINT %I ON DOMAIN %I.%I', o.conname, n.nspname, t.typname)",
        ddl: [
          "format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', n.nspname, t.typname, o.conname, pg_get_constraintdef(o.oid))",
        ],
      })} FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE ${inSpace('n')} AND o.contype = 'c' AND ${own('pg_type', 't.oid')}`,
    },
    {
      name: 'constraints',
      text: `${select(
        "CASE o.contype WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'key' WHEN 'u' THEN 'key' WHEN 'x' THEN 'key' ELSE 'check' END",
        'pg_constraint',
        'o.oid',
        {
          label: `format('CONSTRAINT %I ON %s', o.conname, ${table})`,
          ddl: [
            `format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN o.contype IN ('p', 'u', 'x') THEN 'ONLY ' END, ${table}, o.conname, pg_get_constraintdef(o.oid))`,
            `'ALTER INDEX ' || o.conindid::regclass || ' SET ' || substr(${optionsOf({ options: "(SELECT i.reloptions FROM pg_class i WHERE i.oid = o.conindid AND o.contype IN ('p', 'u', 'x'))", prefix: '' })}, 7)`,
            `(SELECT format('ALTER INDEX %s SET TABLESPACE %I', i.oid::regclass, s.spcname) FROM pg_class i JOIN pg_tablespace s ON s.oid = i.reltablespace WHERE i.oid = o.conindid AND o.contype IN ('p', 'u', 'x'))`,
            indexUse('o.conindid', "o.contype IN ('p', 'u', 'x')"),
            indexCluster('o.conindid', "o.contype IN ('p', 'u', 'x')"),
          ],
        },
      )} ${from('pg_constraint', 'conrelid')} WHERE ${ours} AND c.relkind IN ('r', 'p')
        AND (o.contype IN ('p', 'u', 'x') OR o.contype = 'f' AND o.conparentid = 0 OR o.contype = 'c' AND o.conislocal OR o.contype = 'n' AND NOT o.convalidated)`,
    },
    {
      name: 'indexes',
      text: `${select("'index'", 'pg_class', 'o.indexrelid', {
        label: "format('INDEX %s', o.indexrelid::regclass)",
        ddl: ['pg_get_indexdef(o.indexrelid)', indexUse('o.indexrelid', 'true'), indexCluster('o.indexrelid', 'true')],
        more: `ARRAY(SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', o.indexrelid::regclass, a.attnum, a.attstattarget)
          FROM pg_attribute a WHERE a.attrelid = o.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum)`,
      })} ${from('pg_index', 'indrelid')} JOIN pg_class x ON x.oid = o.indexrelid
        WHERE ${ours} AND c.relkind IN ('r', 'p', 'm') AND (o.indisvalid OR x.relkind = 'I')
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = o.indexrelid AND k.contype IN ('p', 'u', 'x'))`,
    },
    {
      name: 'index attachments',
      text: `${select("'index attachment'", 'pg_inherits', 'x.oid', {
        label: "format('%s in its parent', x.oid::regclass)",
        ddl: ["format('ALTER INDEX %s ATTACH PARTITION %s', o.inhparent::regclass, x.oid::regclass)"],
      })}, json_build_array(o.inhparent, x.oid) AS parents FROM pg_inherits o JOIN pg_class x ON x.oid = o.inhrelid AND x.relkind IN ('i', 'I') JOIN pg_index i ON i.indexrelid = x.oid
        JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND (i.indisvalid OR x.relkind = 'I')`,
    },
    {
      name: 'statistics',
      text: `${select("'statistics'", 'pg_statistic_ext', 'o.oid', {
        label: "format('STATISTICS %I.%I', m.nspname, o.stxname)",
        owner: 'o.stxowner',
        ddl: [
          'pg_get_statisticsobjdef(o.oid)',
          `format('ALTER STATISTICS %I.%I SET STATISTICS ', m.nspname, o.stxname) || nullif(nullif(to_jsonb(o) ->> 'stxstattarget', '-1'), '')`,
        ],
      })} ${from('pg_statistic_ext', 'stxrelid')} JOIN pg_namespace m ON m.oid = o.stxnamespace WHERE ${ours}`,
    },
    {
      name: 'triggers',
      text: `${select("'trigger'", 'pg_trigger', 'o.oid', {
        label: `format('TRIGGER %I ON %s', o.tgname, ${table})`,
        ddl: ['pg_get_triggerdef(o.oid)', enabling('o.tgenabled', 'TRIGGER', 'o.tgname', table)],
      })} ${from('pg_trigger', 'tgrelid')} WHERE ${ours} AND NOT o.tgisinternal AND o.tgparentid = 0`,
    },
    {
      name: 'triggers of partitions',
      text: `${select("'partition trigger'", 'pg_trigger', 'o.oid', {
        label: `format('TRIGGER %I ON %s', o.tgname, ${table})`,
        ddl: [
          `format('ALTER TABLE %s %s TRIGGER %I', ${table}, CASE o.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, o.tgname)`,
        ],
      })} ${from('pg_trigger', 'tgrelid')} JOIN pg_trigger u ON u.oid = o.tgparentid WHERE ${ours} AND NOT o.tgisinternal AND o.tgenabled <> u.tgenabled`,
    },
    {
      name: 'rules',
      text: `${select("'rule'", 'pg_rewrite', 'o.oid', {
        label: `format('RULE %I ON %s', o.rulename, ${table})`,
        ddl: ["rtrim(pg_get_ruledef(o.oid), ';')", enabling('o.ev_enabled', 'RULE', 'o.rulename', table)],
      })} ${from('pg_rewrite', 'ev_class')} WHERE ${ours} AND o.rulename <> '_RETURN'`,
    },
    {
      name: 'policies',
      text: `${select("'policy'", 'pg_policy', 'o.oid', {
        label: `format('POLICY %I ON %s', o.polname, ${table})`,
        ddl: [
          `concat(format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', o.polname, ${table}, CASE WHEN o.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE o.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ' ORDER BY r::regrole::text) FROM unnest(o.polroles) r)),
            format(' USING (%s)', nullif(pg_get_expr(o.polqual, o.polrelid), '')), CASE WHEN o.polwithcheck IS NOT NULL THEN format(' WITH CHECK (%s)', pg_get_expr(o.polwithcheck, o.polrelid)) END)`,
        ],
      })} ${from('pg_policy', 'polrelid')} WHERE ${ours}`,
    },
    {
      name: 'row security',
      text: `${select("'row security'", 'pg_policies', 'c.oid', {
        label: `'row security of ' || ${table}`,
        ddl: [
          `CASE WHEN c.relrowsecurity THEN format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', ${table}) END`,
          `CASE WHEN c.relforcerowsecurity THEN format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', ${table}) END`,
        ],
      })}, json_build_array(c.oid) AS parents FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND (c.relrowsecurity OR c.relforcerowsecurity)`,
    },
    {
      name: 'event triggers',
      text: `${select("'event trigger'", 'pg_event_trigger', 'o.oid', {
        label: "format('EVENT TRIGGER %I', o.evtname)",
        owner: 'o.evtowner',
        ddl: [
          `concat(format('CREATE EVENT TRIGGER %I ON %s', o.evtname, o.evtevent), ' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ') FROM unnest(o.evttags) t) || ')', format(' EXECUTE FUNCTION %s()', o.evtfoid::regproc))`,
          `CASE o.evtenabled WHEN 'D' THEN format('ALTER EVENT TRIGGER %I DISABLE', o.evtname) WHEN 'R' THEN format('ALTER EVENT TRIGGER %I ENABLE REPLICA', o.evtname) WHEN 'A' THEN format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', o.evtname) END`,
        ],
      })} FROM pg_event_trigger o WHERE ${own('pg_event_trigger', 'o.oid')}`,
    },
    {
      name: 'large objects',
      text: `${select("'large object'", 'pg_largeobject', 'o.oid', {
        label: "format('LARGE OBJECT %s', o.oid)",
        owner: 'o.lomowner',
        ddl: ["format('SELECT pg_catalog.lo_create(%s)', o.oid)"],
      })} FROM pg_largeobject_metadata o`,
    },
  ];
}

function indexUse(index: string, when: string): string {
  return `(SELECT format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY USING INDEX %I', n.nspname, c.relname, i.relname) FROM pg_index y JOIN pg_class i ON i.oid = y.indexrelid WHERE y.indexrelid = ${index} AND y.indisreplident AND ${when})`;
}

function indexCluster(index: string, when: string): string {
  return `(SELECT format('ALTER %s %I.%I CLUSTER ON %I', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, n.nspname, c.relname, i.relname) FROM pg_index y JOIN pg_class i ON i.oid = y.indexrelid WHERE y.indexrelid = ${index} AND y.indisclustered AND ${when})`;
}

function enabling(state: string, kind: string, name: string, table: string): string {
  return `CASE ${state} WHEN 'D' THEN format('ALTER TABLE %s DISABLE ${kind} %I', ${table}, ${name}) WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA ${kind} %I', ${table}, ${name}) WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS ${kind} %I', ${table}, ${name}) END`;
}
