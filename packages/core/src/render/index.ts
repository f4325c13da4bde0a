export { jsonRenderer } from './json.ts';
export type { MigrationRenderer } from './renderer.ts';
export { screenOf } from './screen.ts';
export type { Screen, Tone } from './screen.ts';
export { silentRenderer } from './silent.ts';
export { TerminalRenderer } from './terminal.ts';
export type { TerminalOptions } from './terminal.ts';
export { bytes, counted, cut, harmless, moment, padEnd, withoutPasswords, wrap } from './text.ts';
