// Which transport this screen has.
import type { Backend } from "./backend";

export { Refusal, reportOf, type Backend, type Fact } from "./backend";

/** The window's when there is one, HTTP in a browser, and a double under `npm run dev` with `?mock`. */
export async function connect(): Promise<Backend> {
  if (import.meta.env.DEV && new URLSearchParams(location.search).has("mock")) {
    return (await import("../../../dev/mock")).mockBackend();
  }
  if ("__TAURI_INTERNALS__" in window) return (await import("./window")).windowBackend();
  return (await import("./http")).httpBackend();
}
