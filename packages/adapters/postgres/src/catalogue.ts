/**
 * Gives `lines`, one text for each thing in the schema that a migration can make, from the catalogues, as further parts of
 * a `WITH` that begins with `own`, the relations to leave out. Grants and comments are not there: roles differ from one
 * installation to the next, and what a comment says changes nothing.
 *
 * An index that is not valid is not there either. It is what a build that was cut short leaves, so a schema with it equals
 * the schema before the build, and the next run builds it anew.
 */
export const CATALOGUE = `
spaces AS (
  SELECT n.oid, n.nspname FROM pg_namespace n
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
),
foreigners AS (
  SELECT d.classid, d.objid FROM pg_depend d WHERE d.objid >= 16384 AND d.deptype = 'e'
),
rels AS (
  SELECT c.*, s.nspname FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE c.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
  AND NOT EXISTS (SELECT 1 FROM own o WHERE o.oid = c.oid)
  AND c.relpersistence <> 't'
),
lines (line) AS (
  SELECT concat_ws('|', 'schema', nspname) FROM spaces WHERE nspname <> 'public'
  UNION ALL
  SELECT concat_ws('|', 'extension', e.extname, n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  UNION ALL
  SELECT concat_ws('|', 'relation', nspname, relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity,
    relreplident, array_to_string(reloptions, ','),
    CASE WHEN relispartition THEN pg_get_expr(relpartbound, oid) END,
    CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END,
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END,
    (SELECT a.amname FROM pg_am a WHERE a.oid = rels.relam AND rels.relkind IN ('r', 'm') AND a.amname <> 'heap'),
    CASE WHEN reloftype <> 0 THEN reloftype::regtype::text END)
  FROM rels WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT concat_ws('|', 'parent', r.nspname, r.relname, i.inhseqno, i.inhparent::regclass)
  FROM pg_inherits i JOIN rels r ON r.oid = i.inhrelid WHERE r.relkind IN ('r', 'p', 'f')
  UNION ALL
  SELECT concat_ws('|', 'column', r.nspname, r.relname,
    row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
    a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
    CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
    nullif(a.attstattarget, -1), array_to_string(a.attoptions, ','), pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a JOIN rels r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'f', 'c')
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT concat_ws('|', 'constraint', n.nspname, coalesce(r.relname, t.typname), c.conname, c.contype, c.convalidated,
    pg_get_constraintdef(c.oid))
  FROM pg_constraint c JOIN spaces n ON n.oid = c.connamespace
  LEFT JOIN rels r ON r.oid = c.conrelid LEFT JOIN pg_type t ON t.oid = c.contypid
  WHERE c.oid >= 16384 AND (c.conrelid = 0 OR r.oid IS NOT NULL) AND c.contype NOT IN ('t', 'n')
  UNION ALL
  SELECT concat_ws('|', 'index', r.nspname, r.relname, i.indexrelid::regclass, pg_get_indexdef(i.indexrelid),
    i.indisreplident, i.indisclustered)
  FROM pg_index i JOIN rels r ON r.oid = i.indrelid WHERE i.indrelid >= 16384 AND i.indisvalid AND r.relkind IN ('r', 'p', 'm')
  UNION ALL
  SELECT concat_ws('|', 'sequence', r.nspname, r.relname, r.relpersistence, format_type(q.seqtypid, NULL), q.seqstart,
    q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle,
    (SELECT d.refobjid::regclass || '.' || a.attname FROM pg_depend d
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))
  FROM pg_sequence q JOIN rels r ON r.oid = q.seqrelid
  UNION ALL
  SELECT concat_ws('|', 'trigger', r.nspname, r.relname, t.tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN rels r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
  SELECT concat_ws('|', 'rule', r.nspname, r.relname, w.ev_enabled, pg_get_ruledef(w.oid))
  FROM pg_rewrite w JOIN rels r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
  UNION ALL
  SELECT concat_ws('|', 'policy', r.nspname, r.relname, p.polname, p.polcmd, p.polpermissive,
    (SELECT string_agg(CASE WHEN x = 0 THEN 'public' ELSE x::regrole::text END, ',' ORDER BY x::regrole::text) FROM unnest(p.polroles) x),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy p JOIN rels r ON r.oid = p.polrelid
  UNION ALL
  SELECT concat_ws('|', 'statistics', s.nspname, x.stxname, pg_get_statisticsobjdef(x.oid), to_jsonb(x) ->> 'stxstattarget')
  FROM pg_statistic_ext x JOIN spaces s ON s.oid = x.stxnamespace
  UNION ALL
  SELECT concat_ws('|', 'function', s.nspname, p.oid::regprocedure,
    CASE WHEN p.prokind = 'a' THEN (SELECT concat_ws(',', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
      a.aggtranstype::regtype, a.agginitval, a.aggsortop::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END)
  FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
  WHERE p.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
  UNION ALL
  SELECT concat_ws('|', 'type', s.nspname, t.typname, t.typtype, t.typnotnull, t.typdefault,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 THEN t.typcollation::regcollation::text END,
    (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
    (SELECT concat_ws(',', g.rngsubtype::regtype, g.rngsubopc, g.rngcollation) FROM pg_range g WHERE g.rngtypid = t.oid))
  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
  WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r') AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
  UNION ALL
  SELECT concat_ws('|', 'operator', o.oid::regoperator, o.oprcode, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)
  FROM pg_operator o JOIN spaces s ON s.oid = o.oprnamespace
  WHERE o.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_operator'::regclass AND f.objid = o.oid)
  UNION ALL
  SELECT concat_ws('|', 'collation', s.nspname, c.collname, c.collprovider, c.collisdeterministic, c.collcollate, c.collctype)
  FROM pg_collation c JOIN spaces s ON s.oid = c.collnamespace
  WHERE c.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_collation'::regclass AND f.objid = c.oid)
  UNION ALL
  SELECT concat_ws('|', 'cast', c.castsource::regtype, c.casttarget::regtype, c.castfunc::regprocedure, c.castcontext, c.castmethod)
  FROM pg_cast c WHERE c.oid >= 16384
  AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_cast'::regclass AND f.objid = c.oid)
  UNION ALL
  SELECT concat_ws('|', 'event trigger', e.evtname, e.evtevent, e.evtenabled, e.evtfoid::regprocedure, array_to_string(e.evttags, ','))
  FROM pg_event_trigger e
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_event_trigger'::regclass AND f.objid = e.oid)
  UNION ALL
  SELECT concat_ws('|', 'publication', p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
    (SELECT string_agg(q.prrelid::regclass::text, ',' ORDER BY q.prrelid::regclass::text) FROM pg_publication_rel q WHERE q.prpubid = p.oid))
  FROM pg_publication p
  UNION ALL
  SELECT concat_ws('|', 'foreign', f.ftrelid::regclass, v.srvname, array_to_string(f.ftoptions, ','))
  FROM pg_foreign_table f JOIN pg_foreign_server v ON v.oid = f.ftserver
)`;
