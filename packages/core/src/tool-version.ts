/** Recorded in each history row. A test holds it against package.json. */
export const TOOL_VERSION = '0.1.0';
