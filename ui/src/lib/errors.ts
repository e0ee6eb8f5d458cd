// What an error says, in the screen's language: from its key and parameters, never from its English sentence.
import type { ErrorReport } from "$lib/generated/types";
import { wait } from "./format";
import { m } from "./paraglide/messages.js";

type Say = (params: ErrorReport["params"]) => string;

const SENTENCES: Record<ErrorReport["key"], Say> = {
  phone_country: () => m.error_phone_country(),
  phone_india: () => m.error_phone_india(),
  phone_length: () => m.error_phone_length(),
  invalid: ({ detail = "" }) => m.error_invalid({ detail }),
  insecure_address: ({ address = "" }) => m.error_insecure_address({ address }),
  sign_in_needed: () => m.error_sign_in_needed(),
  wrong_otp: () => m.error_wrong_otp(),
  otp_expired: () => m.error_otp_expired(),
  too_often: ({ seconds }) => (seconds ? m.error_too_often_wait({ wait: wait(+seconds) }) : m.error_too_often()),
  maintenance: ({ seconds }) => (seconds ? m.error_maintenance_wait({ wait: wait(+seconds) }) : m.error_maintenance()),
  no_such_host: () => m.error_no_such_host(),
  no_connection: () => m.error_no_connection(),
  certificate: () => m.error_certificate(),
  timed_out: () => m.error_timed_out(),
  service_away: () => m.error_service_away(),
  working_offline: () => m.error_working_offline(),
  not_the_service: ({ address = "" }) => m.error_not_the_service({ address }),
  strange_host: ({ host = "" }) => m.error_strange_host({ host }),
  refused: ({ detail }) => (detail ? m.error_refused({ detail }) : m.error_refused_plain()),
  service_failed: () => m.error_service_failed(),
  unknown_song: () => m.error_unknown_song(),
  unknown_playlist: () => m.error_unknown_playlist(),
  no_audio: ({ title = "", rendition }) =>
    rendition === "instrumental" ? m.error_no_audio_instrumental({ title }) : m.error_no_audio_original({ title }),
  not_on_this_machine: ({ title = "" }) => m.error_not_on_this_machine({ title }),
  interrupted: () => m.error_interrupted(),
  unsupported_format: ({ format = "" }) => m.error_unsupported_format({ format }),
  bad_audio: () => m.error_bad_audio(),
  audio_unreadable: () => m.error_audio_unreadable(),
  no_device: () => m.error_no_device(),
  disk_full: () => m.error_disk_full(),
  read_only: () => m.error_read_only(),
  damaged: () => m.error_damaged(),
  newer: () => m.error_newer(),
  busy: () => m.error_busy(),
  keyring_missing: () => m.error_keyring_missing(),
  keyring_locked: () => m.error_keyring_locked(),
  keyring_silent: () => m.error_keyring_silent(),
  keyring_refused: () => m.error_keyring_refused(),
  superseded: () => m.error_superseded(),
  internal: () => m.error_internal(),
};

/** One or two sentences: what happened, and what to do. */
export function explain(report: ErrorReport): string {
  return sentence(report.key, report.params);
}

/** The same, of its key and what stands in it. */
export function sentence(key: ErrorReport["key"], params: ErrorReport["params"]): string {
  return SENTENCES[key](params);
}
