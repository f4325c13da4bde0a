import { describeDamage } from '@detent/tests/backup-damage';
import { damageOn } from './fixtures/damage.ts';
import { playgrounds } from './fixtures/playground.ts';

/** On a server that no other file works with: whether others wrote is asked of the whole server. */
const open = await playgrounds('MariaDB', 'damage');
if (open === null) throw new Error('There is no MariaDB here.');

describeDamage(damageOn({ product: 'MariaDB', open }));
