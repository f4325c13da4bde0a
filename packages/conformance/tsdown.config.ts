import { library, type UserConfig } from '../../tsdown.base.ts';

// The two others are programs that the kit starts as processes of their own.
const config: UserConfig = library('src/index.ts', 'src/child.ts', 'src/bad-input/child.ts');

export default config;
