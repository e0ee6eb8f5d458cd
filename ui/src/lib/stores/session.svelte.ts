// Who is signed in, and to which service.
import type { Backend } from "$lib/backend";
import type { Overview, SignedIn } from "$lib/generated/types";

export class Session {
  /** Null when nobody is signed in. */
  account = $state.raw<SignedIn | null>(null);
  service = $state.raw<Overview["service"] | null>(null);

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  read(overview: Overview): void {
    this.account = overview.session;
    this.service = overview.service;
  }

  /** `country` with its plus: `+91`. The number goes to the core and is kept nowhere here. */
  requestOtp(country: string, phone: string) {
    return this.#backend.call({ command: "request_otp", country, phone });
  }

  async verifyOtp(otp: string): Promise<void> {
    this.account = await this.#backend.call({ command: "verify_otp", otp });
  }

  /** What signing out and forgetting would take off this machine for good. */
  losses() {
    return this.#backend.call({ command: "losses" });
  }

  /** Resolves to how many changes wait on this machine for the next sign-in. */
  async signOut(forget: boolean): Promise<number> {
    const { pending_kept } = await this.#backend.call({ command: "logout", forget });
    return pending_kept;
  }

  useService(address: string) {
    return this.#backend.call({ command: "use_service", address });
  }

  startDemo() {
    return this.#backend.host({ command: "start_demo" });
  }
}
