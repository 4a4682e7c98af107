/** Who reported a message: a HEP agent, a probe, a capture file. The tracker only needs identity and a name to show. */
export interface Observer {
  /** Stable name, `AgentView.id`. */
  readonly id: string;
}
