import { library, type UserConfig } from '../../../tsdown.base.ts';

const config: UserConfig = library('src/index.ts');

export default config;
