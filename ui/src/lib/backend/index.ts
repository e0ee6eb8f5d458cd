// Which transport this screen has.
import type { Backend } from "./backend";
import { httpBackend } from "./http";
import { windowBackend } from "./window";

export { Refusal, reportOf, type Backend, type Fact } from "./backend";

/** The window's when there is one, HTTP in a browser, and with `?mock` a pretended one, which is in no build that ships. */
export async function connect(): Promise<Backend> {
  if (import.meta.env.MODE !== "production" && new URLSearchParams(location.search).has("mock")) {
    return (await import("../../../dev/mock")).mockBackend();
  }
  return "__TAURI_INTERNALS__" in window ? windowBackend() : httpBackend();
}
