/** What stands behind these words in a statement is a password. */
const PASSWORD =
  /(\bidentified\s+(?:(?:with|via)\s+\S+\s+)?(?:by|as|using)\s+(?:password\s+)?(?:password\s*\(\s*)?|\bpassword\s*(?:=|\()\s*|\breplace\s+(?=['"]))('(?:[^'\\]|''|\\.)*'?|"(?:[^"\\]|""|\\.)*"?)/gi;

/** The same text with its passwords made unreadable. */
export function masked(text: string): string {
  return text.replaceAll(PASSWORD, (_, before: string) => `${before}'***'`);
}
