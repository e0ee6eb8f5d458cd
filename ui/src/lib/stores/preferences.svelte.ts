// Language, theme and what else is chosen, as the core keeps them; the first two applied to the document.
import type { Backend, Fact } from "$lib/backend";
import type { Preferences as Chosen } from "$lib/generated/types";
import { setLanguage } from "$lib/language.svelte";

export class Preferences {
  language = $state<Chosen["language"]>(null);
  theme = $state<Chosen["theme"]>("system");
  /** Whether the screens for QA are shown. */
  qa = $state(false);

  /** Not shown, and not lost when something else is chosen. */
  #rest: Pick<Chosen, "cache_bytes"> = {};
  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  read(chosen: Chosen): void {
    this.language = chosen.language;
    this.theme = chosen.theme;
    this.qa = chosen.qa ?? false;
    this.#rest = chosen.cache_bytes === undefined ? {} : { cache_bytes: chosen.cache_bytes };
    setLanguage(chosen.language);
    if (chosen.theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen.theme;
  }

  apply(event: Fact): void {
    if (event.event === "preferences_changed") this.read(event);
  }

  /** Seen at once; what was before comes back when it could not be kept. */
  async choose(change: Partial<Chosen>): Promise<void> {
    const before: Chosen = { ...this.#rest, language: this.language, theme: this.theme, qa: this.qa };
    const after = { ...before, ...change };
    this.read(after);
    try {
      await this.#backend.call({ command: "set_preferences", ...after });
    } catch (refusal) {
      this.read(before);
      throw refusal;
    }
  }
}
