declare module 'pg/lib/client.js' {
  /** The class `Client` of pg in JavaScript. */
  const Client: unknown;
  export default Client;
}
