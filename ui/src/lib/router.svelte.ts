// Addresses of screens, after the #: the same in the window, where there is no server, and in a browser.

export type Route =
  | { name: "home" }
  | { name: "search"; query: string }
  | { name: "library" }
  | { name: "playlists" }
  | { name: "downloads" }
  | { name: "history" }
  | { name: "playlist"; id: string }
  | { name: "song"; id: string }
  | { name: "settings" }
  | { name: "qa" }
  | { name: "comparison"; id: string }
  | { name: "sign-in" }
  | { name: "missing" };

/** Reads an address such as `#/search?q=dil`. */
export function parse(hash: string): Route {
  const url = new URL(hash.replace(/^#\/?/, "/"), "http://screen");
  const [first = "", second, ...rest] = url.pathname.split("/").slice(1);
  if (rest.length > 0) return { name: "missing" };
  if ((first === "song" || first === "playlist") && second) return { name: first, id: decodeURIComponent(second) };
  if (first === "qa" && second) return { name: "comparison", id: decodeURIComponent(second) };
  if (second) return { name: "missing" };
  switch (first) {
    case "":
      return { name: "home" };
    case "search":
      return { name: "search", query: url.searchParams.get("q") ?? "" };
    case "library":
    case "playlists":
    case "downloads":
    case "history":
    case "settings":
    case "qa":
    case "sign-in":
      return { name: first };
    default:
      return { name: "missing" };
  }
}

/** The address of a screen, for an `href`. */
export const href = {
  home: "#/",
  library: "#/library",
  playlists: "#/playlists",
  downloads: "#/downloads",
  history: "#/history",
  settings: "#/settings",
  qa: "#/qa",
  signIn: "#/sign-in",
  search: (query = "") => (query ? `#/search?q=${encodeURIComponent(query)}` : "#/search"),
  playlist: (id: string) => `#/playlist/${encodeURIComponent(id)}`,
  comparison: (id: string) => `#/qa/${encodeURIComponent(id)}`,
  song: (id: string) => `#/song/${encodeURIComponent(id)}`,
} as const;

class Router {
  route = $state.raw<Route>(parse(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.route = parse(location.hash)));
  }

  /** Goes to an address of `href`. With `replace` the way back leads past this one: for a query that is being typed. */
  go(to: string, { replace = false } = {}): void {
    if (!replace) {
      location.hash = to;
      return;
    }
    history.replaceState(null, "", to);
    this.route = parse(to);
  }
}

export const router = new Router();
