// Tests begin in English, whatever the machine speaks.
import { setLanguage } from "$lib/language.svelte";

setLanguage("en");
