const TRANSACTIONAL = new Set(['INNODB', 'ROCKSDB', 'TOKUDB', 'NDBCLUSTER']);

/** Whether a ROLLBACK takes back the rows of tables with this engine. */
export function isTransactional(engine: string): boolean {
  return TRANSACTIONAL.has(engine.toUpperCase());
}
