// What the screen can ask, whoever carries it: the window, or loopback HTTP.
import type { Command, ErrorReport, Event, HostCommand, HostEvent, HostReplies, Replies } from "$lib/generated/types";

/** What can happen: in the core, or in the host of this screen. */
export type Fact = Event | HostEvent;

export interface Backend {
  /** Asks the core. Rejects with a `Refusal`. */
  call<C extends Command>(command: C): Promise<Replies[C["command"]]>;
  /** Asks what only the host of this screen can do. Rejects with a `Refusal`. */
  host<C extends HostCommand>(command: C): Promise<HostReplies[C["command"]]>;
  /**
   * Hears every event from now on; `missed` says that some did not arrive and all must be read anew.
   * Resolves, once events arrive for certain, to what ends it.
   */
  subscribe(listener: (event: Fact) => void): Promise<() => void>;
  /** Where a song's cover is, for a place of `side` pixels of the display. It may turn out that there is none. */
  coverUrl(songId: string, side: number): string;
}

/** The backend said no, or could not be reached: with what to tell the listener. */
export class Refusal extends Error {
  constructor(readonly report: ErrorReport) {
    super(report.message);
    this.name = "Refusal";
  }
}

/** The report of anything that was thrown. */
export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof Refusal) return thrown.report;
  return lost(thrown instanceof Error ? thrown.message : String(thrown));
}

/** A report for when the backend itself did not answer. */
export function lost(message: string): ErrorReport {
  return { code: "PROCESSING_ERROR", key: "internal", params: {}, message, request_id: null, retryable: true };
}

/** Whether something that came over the wire is a report. */
export function isReport(value: unknown): value is ErrorReport {
  return typeof value === "object" && value !== null && "code" in value && "key" in value && "message" in value;
}
