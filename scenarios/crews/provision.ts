/** A basin and a stream that a crew has to itself, made while faults go on. */

import type { Clock } from '../../engine/index.ts';
import type { Exchange, Wire } from '../wire.ts';

const RETRY_MS = 500;
const TRIES = 20;

export interface OwnStream {
  basin: string;
  /** Of the basin, as JSON; the default without it. */
  basinConfig?: unknown;
  stream: string;
  /** Makes the creations ones that can be repeated. */
  token: string;
}

/** True once basin and stream are known to exist; its records are kept for ever. False when that took too long. */
export async function provision(wire: Wire, clock: Clock, own: OwnStream): Promise<boolean> {
  for (let tries = 1; !(await created(wire, own)); tries++) {
    if (tries === TRIES) return false;
    await clock.sleep(RETRY_MS);
  }
  return true;
}

async function created(wire: Wire, { basin, basinConfig, stream, token }: OwnStream): Promise<boolean> {
  const headers: [string, string][] = [['s2-request-token', token]];
  const inBasin = { basin, config: basinConfig };
  if (!isCreated(await wire.exchange('POST', '/v1/basins', inBasin, headers))) return false;
  const config = { retention_policy: { infinite: {} } };
  return isCreated(await wire.exchange('POST', '/v1/streams', { stream, config }, headers));
}

/** Also by an earlier try: a creation that is repeated is answered like the first. */
function isCreated(exchange: Exchange): boolean {
  return exchange.kind === 'answer' && exchange.status === 201;
}
