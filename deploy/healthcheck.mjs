// HEALTHCHECK of the container: asks the collector itself, with what the image has. Exit code 0 = healthy.
// It follows SIPCOL_HTTP_ADDR and SIPCOL_HTTP_PORT; set these rather than options when you change the listener.
const { SIPCOL_HTTP_ADDR: addr = '', SIPCOL_HTTP_PORT: port = '' } = process.env;
const host =
  { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '[::1]' }[addr] ?? (addr.includes(':') ? `[${addr}]` : addr);

try {
  const answer = await fetch(`http://${host}:${port || '8060'}/healthz`, { signal: AbortSignal.timeout(3000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
