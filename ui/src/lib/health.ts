// What a look at this machine found, in the screen's language: names of what was looked at, and what is missing.
import { explain } from "./errors";
import type { Check } from "./generated/types";
import { m } from "./paraglide/messages.js";

const NAMES: Record<string, () => string> = {
  profile: m.data_folder,
  library: m.rail_library,
  keyring: m.health_keyring,
  sound: m.health_sound,
  service: m.settings_service,
  media_keys: m.health_media_keys,
  tray: m.health_tray,
};

/** What only a desktop can lack: no error says it. */
const MISSING: Record<string, () => string> = {
  media_keys: m.health_media_keys_missing,
  tray: m.health_tray_missing,
};

export const checkName = ({ name }: Check): string => NAMES[name]?.() ?? name;

/** What was found, and what to do where something is missing. */
export function checkSays(check: Check): string {
  if (check.ok) return m.health_works();
  return check.error ? explain(check.error) : (MISSING[check.name]?.() ?? check.message);
}
