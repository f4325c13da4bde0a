/** A list that the server wrote as JSON; empty where it wrote none. */
export function asRows(text: string | null | undefined): readonly unknown[] {
  if (!isList(text)) return [];
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed : [];
}

export function isList(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text.startsWith('[');
}
