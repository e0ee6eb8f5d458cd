// Whether the service has heard of everything, and how many changes still wait.
import type { Backend, Fact } from "$lib/backend";
import type { Overview, Switch, SyncStatus } from "$lib/generated/types";

const UNKNOWN: SyncStatus = { state: "idle", entries: 0, pending: 0, parked: [], uncertain: 0, until: null };

export class Sync {
  status = $state.raw<SyncStatus>(UNKNOWN);
  /** The listener works offline: nothing leaves this machine. */
  offline = $state(false);
  /** Grows whenever rows of the library changed: who shows some reads them again. */
  revision = $state(0);

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  read({ sync, offline }: Pick<Overview, "sync" | "offline">): void {
    this.status = sync;
    this.offline = offline;
    this.revision += 1;
  }

  apply(event: Fact): void {
    if (event.event === "sync_changed") this.status = event;
    else if (event.event === "offline_changed") this.offline = event.offline;
    else if (event.event === "library_changed") this.revision += 1;
  }

  now(): Promise<SyncStatus> {
    return this.#backend.call({ command: "library_sync" });
  }

  /** From now on, or no longer. */
  async workOffline(on: boolean): Promise<void> {
    this.offline = (await this.#backend.call({ command: "work_offline", on })).offline;
  }

  /** Sends again what the service refused. */
  async retry(): Promise<void> {
    this.status = await this.#backend.call({ command: "library_retry" });
  }

  /** What became of the library at each switch of the service, the latest first. */
  async switches(): Promise<readonly Switch[]> {
    return (await this.#backend.call({ command: "library_switches" })).switches;
  }

  /** Gives up a change that the service refused. */
  async discard(op: string): Promise<void> {
    this.status = await this.#backend.call({ command: "library_discard", op });
  }
}
