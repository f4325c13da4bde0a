/** A URL as it may be shown: no password, and no parameters, which may hold one. */
export function maskUrl(url: string): string {
  const [base = '', query] = url.split(/\?(.*)/s);
  const masked = base.replace(
    /^([a-z][a-z0-9+.-]*:\/\/)([^/]*)@/i,
    (_, scheme: string, user: string) => `${scheme}${maskUser(user)}@`,
  );
  return query === undefined ? masked : `${masked}?${MASK}`;
}

const MASK = '***';

function maskUser(user: string): string {
  const colon = user.indexOf(':');
  return colon < 0 ? user : `${user.slice(0, colon)}:${MASK}`;
}

/** The same place for the same user, with nothing that must not be written into a file. */
export function withoutSecret(url: string): string {
  const masked = maskUrl(url);
  return masked.replace(`:${MASK}@`, '@').replace(`?${MASK}`, '');
}

/** Whether it must not be written into a file. */
export function holdsSecret(url: string): boolean {
  return maskUrl(url) !== url;
}
