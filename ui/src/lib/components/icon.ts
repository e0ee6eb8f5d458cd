// The type of an icon: each of the set has it.
import type Play from "@lucide/svelte/icons/play";

export type Icon = typeof Play;
