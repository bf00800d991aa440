/**
 * Exit code 0 when the server in this container says it is healthy, else 1, with the reason. Reads the variables the server
 * itself reads; a certificate is not verified, because it is the server's own and the way is this machine's.
 */

import { get as getPlain } from 'node:http';
import { get as getTls } from 'node:https';

const { TAILRACE_HOST = '127.0.0.1', TAILRACE_PORT = '8080', TAILRACE_TLS_CERT, TAILRACE_TLS_SELF } = process.env;
const isTls = Boolean(TAILRACE_TLS_CERT ?? TAILRACE_TLS_SELF);
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[TAILRACE_HOST] ?? TAILRACE_HOST;
const get = isTls ? getTls : getPlain;

get({ host, port: TAILRACE_PORT, path: '/health', timeout: 4000, rejectUnauthorized: false }, (response) => {
  console.log(`/health answered ${response.statusCode}`);
  process.exit(response.statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => fail('no answer in 4 s'))
  .on('error', (error) => fail(error.message));

function fail(reason) {
  console.log(reason);
  process.exit(1);
}
