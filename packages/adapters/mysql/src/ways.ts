import type { ClientFile } from './client-file.ts';
import { endpointOf, passwordFor } from './connect.ts';
import type { Greeting } from './greeting.ts';
import type { CheckedOptions } from './options.ts';

/** How programs come to the server of a session; only where its address is known. */
export interface Ways {
  /** What a program of that product reads about it. Asked anew each time, for passwords that expire. */
  clientFile(product: Greeting['product']): Promise<ClientFile>;
}

/** `null` where the connection is a user's own. */
export function waysOf(checked: CheckedOptions): Ways | null {
  const { origin, tls } = checked;
  if (origin.kind !== 'address') return null;
  const { address } = origin;
  return {
    async clientFile(product) {
      const { place, user } = endpointOf(checked, address);
      const password = await passwordFor(checked, address);
      const { writeClientFile } = await import('./client-file.ts');
      return writeClientFile({ product, place, user, password, tls: tls ?? address.tlsMode ?? 'preferred' });
    },
  };
}
