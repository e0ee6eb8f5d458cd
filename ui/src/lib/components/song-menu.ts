// The menu of a song, wherever it is shown.
import Download from "@lucide/svelte/icons/download";
import Info from "@lucide/svelte/icons/info";
import ListMusic from "@lucide/svelte/icons/list-music";
import ListPlus from "@lucide/svelte/icons/list-plus";
import ListStart from "@lucide/svelte/icons/list-start";
import MicOff from "@lucide/svelte/icons/mic-off";
import Plus from "@lucide/svelte/icons/plus";
import type { SongView } from "$lib/generated/types";
import { m } from "$lib/paraglide/messages.js";
import * as playlists from "$lib/playlists";
import { href, router } from "$lib/router.svelte";
import { langOf } from "$lib/script";
import * as songs from "$lib/songs";
import type { App } from "$lib/stores/app.svelte";
import type { MenuItem } from "./menu.svelte";

export function songMenu(app: App, song: SongView): MenuItem[] {
  const items: MenuItem[] = [
    { label: m.song_play_next(), icon: ListStart, run: () => songs.enqueue(app, song, "next") },
    { label: m.song_play_last(), icon: ListPlus, run: () => songs.enqueue(app, song, "last") },
  ];
  if (song.audio_files.instrumental) {
    items.push({ label: m.song_play_instrumental(), icon: MicOff, run: () => songs.sing(app, song) });
  }
  items.push({
    label: m.song_add_to_playlist(),
    icon: ListMusic,
    parted: true,
    items: [
      { label: m.playlist_new(), icon: Plus, run: () => (app.playlists.naming = { ids: [song.id] }) },
      ...(app.playlists.all ?? []).map((playlist, i) => ({
        label: playlist.name,
        lang: langOf(playlist.name, null),
        parted: i === 0,
        run: () => playlists.add(app, playlist, [song]),
      })),
    ],
  });
  items.push({
    label: m.song_details(),
    icon: Info,
    run: () => {
      songs.remember(song);
      router.go(href.song(song.id));
    },
  });
  if (!song.downloaded && app.downloads.rows.get(song.id)?.state !== "done") {
    items.push({ label: m.song_download(), icon: Download, run: () => songs.download(app, song) });
  }
  return items;
}
