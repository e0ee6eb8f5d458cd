// The screens by their names. Each is loaded when it is first shown.
import type { Component } from "svelte";
import type { Route } from "$lib/router.svelte";

type Name = Exclude<Route["name"], "sign-in">;

export const SCREENS: Record<Name, () => Promise<{ default: Component }>> = {
  home: () => import("../screens/Home.svelte"),
  search: () => import("../screens/Search.svelte"),
  library: () => import("../screens/Library.svelte"),
  playlists: () => import("../screens/Playlists.svelte"),
  playlist: () => import("../screens/Playlist.svelte"),
  downloads: () => import("../screens/Downloads.svelte"),
  history: () => import("../screens/History.svelte"),
  song: () => import("../screens/Song.svelte"),
  qa: () => import("../screens/Qa.svelte"),
  comparison: () => import("../screens/Comparison.svelte"),
  settings: () => import("../screens/Settings.svelte"),
  missing: () => import("../screens/Missing.svelte"),
};

/** The screen of an address; whoever has signed in comes to Home. */
export function nameOf(route: Route): Name {
  return route.name === "sign-in" ? "home" : route.name;
}
