import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Sent {
  sent: number;
  failed: number;
  perSecond: number;
}

/** The paced sender of bench/udp-sender.c, compiled into a folder of its own, and packets for it. */
export class UdpSender {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sipcol-bench-'));
  readonly #program = join(this.#folder, 'udp-sender');

  constructor() {
    // The compiled bench lies in .build/bench/support.
    const source = fileURLToPath(new URL('../../../bench/udp-sender.c', import.meta.url));
    const { status } = spawnSync('cc', ['-O2', '-o', this.#program, source], { stdio: 'inherit' });
    if (status !== 0) throw new Error('the sender needs a C compiler (cc)');
  }

  /** Sends packets over and over for some seconds. They hold `ROUND` where rounds must differ. */
  async send(port: number, rate: number, seconds: number, packets: readonly Buffer[]): Promise<Sent> {
    const file = join(this.#folder, 'packets');
    writeFileSync(file, Buffer.concat(packets.flatMap((packet) => [lengthOf(packet), packet])));
    const sender = spawn(this.#program, [port, Math.round(rate), seconds, file].map(String));
    let output = '';
    sender.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    sender.stderr.pipe(process.stderr);
    await once(sender, 'exit');
    const { sent, failed, elapsed } = JSON.parse(output) as { sent: number; failed: number; elapsed: number }; // as the C file prints
    return { sent, failed, perSecond: sent / elapsed };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function lengthOf(packet: Buffer): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(packet.length);
  return octets;
}
