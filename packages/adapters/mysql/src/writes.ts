/** What Detent writes into its own tables, inside a transaction that has found the lock's token true. */
export interface Write {
  /** The statement; of one that inserts a row, up to the row. */
  readonly text: string;
  /** The row, and what follows it; `null` for any other statement. */
  readonly row: { readonly values: string; readonly after: string } | null;
  /** A question whose answer is not 0 when it was committed. */
  readonly proof: () => string;
}

/** As few statements as can be: rows of one table go together, in their order. */
export function writesSql(writes: readonly Write[]): readonly string[] {
  const texts: string[] = [];
  let inserts: { readonly text: string; readonly after: string; readonly values: string[] }[] = [];
  const end = (): void => {
    for (const { text, after, values } of inserts) texts.push(`${text}${values.join(', ')}${after}`);
    inserts = [];
  };
  for (const { text, row } of writes) {
    if (row === null) {
      end();
      texts.push(text);
    } else {
      const same = inserts.find((each) => each.text === text && each.after === row.after);
      if (same === undefined) inserts.push({ text, after: row.after, values: [row.values] });
      else same.values.push(row.values);
    }
  }
  end();
  return texts;
}
