import { loadUdpReceive, MissingModule } from '../../src/sources/udp-batched.ts';

/** What keeps tests of the native module from running, for `skip`: false = nothing. */
export function nativeObstacle(): string | false {
  const module = loadUdpReceive();
  if (!(module instanceof MissingModule)) return false;
  if (process.env['SIPCOL_REQUIRE_INTEROP'] === '1') throw module;
  return module.message;
}
