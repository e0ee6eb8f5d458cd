// How sync stands, in a few words and an icon: for the rail's line and the sheet behind it.
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import Clock from "@lucide/svelte/icons/clock";
import Cloud from "@lucide/svelte/icons/cloud";
import CloudOff from "@lucide/svelte/icons/cloud-off";
import CloudUpload from "@lucide/svelte/icons/cloud-upload";
import LogIn from "@lucide/svelte/icons/log-in";
import RefreshCw from "@lucide/svelte/icons/refresh-cw";
import type { Icon } from "$lib/components/icon";
import { count, moment } from "$lib/format";
import type { SyncStatus } from "$lib/generated/types";
import { m } from "$lib/paraglide/messages.js";

/** `offline`: the listener wants it so. */
export function says(
  { state, pending, parked, until, progress }: SyncStatus,
  offline: boolean,
): { icon: Icon; text: string } {
  if (offline) {
    return { icon: CloudOff, text: pending > 0 ? m.sync_away_pending({ count: pending }) : m.sync_away() };
  }
  switch (state) {
    case "running":
      if (!progress) return { icon: RefreshCw, text: m.sync_running() };
      return {
        icon: RefreshCw,
        text: m.sync_progress({ done: count(progress.done), total: count(progress.total) }),
      };
    case "offline":
      return { icon: CloudOff, text: pending > 0 ? m.sync_offline_pending({ count: pending }) : m.sync_offline() };
    case "waiting":
      return { icon: Clock, text: until ? m.sync_waiting_until({ time: moment(until) }) : m.sync_waiting() };
    case "sign_in_needed":
      return { icon: LogIn, text: m.sync_sign_in_needed() };
    case "failed":
      return { icon: CircleAlert, text: m.sync_failed() };
    case "idle":
      if (parked.length > 0) return { icon: CircleAlert, text: m.sync_refused({ count: parked.length }) };
      return pending > 0
        ? { icon: CloudUpload, text: m.sync_pending({ count: pending }) }
        : { icon: Cloud, text: m.sync_idle() };
  }
}
