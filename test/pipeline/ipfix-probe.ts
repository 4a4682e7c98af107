import assert from 'node:assert/strict';
import type { IpfixSession } from '../../src/model/ports.ts';
import { IpfixFramer } from '../../src/wire/ipfix/framer.ts';
import { NOW_US, type PipelineStage } from './pipeline-stage.ts';

/** A connection of an SBC to a stage, without sockets. */
export class StageProbe {
  readonly session: IpfixSession;
  readonly framer: IpfixFramer;
  readonly answers: Buffer[] = [];
  readonly #nowUs: () => number;

  constructor(stage: PipelineStage, ip = '192.0.2.50', port = 36_832, nowUs: () => number = () => NOW_US) {
    const local = { ip: '192.0.2.10', port: 4739 };
    const session = stage.ipfix.connection({ ip, port }, local, (octets) => this.answers.push(octets), nowUs());
    assert.ok(session !== undefined, `${ip} is not let in`);
    this.session = session;
    this.framer = new IpfixFramer(session, stage.settings.ipfix.limits);
    this.#nowUs = nowUs;
  }

  send(...messages: readonly Buffer[]): void {
    for (const message of messages) this.framer.push(message, this.#nowUs());
  }

  end(): void {
    this.framer.end(this.#nowUs());
    this.session.end(this.#nowUs());
  }
}
