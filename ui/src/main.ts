// Where the screen begins: a transport, the stores on it, the frame on those.
import { mount } from "svelte";
import Root from "./Root.svelte";
import { connect } from "$lib/backend";
import { App } from "$lib/stores/app.svelte";
import { setLanguage } from "$lib/language.svelte";
import { router } from "$lib/router.svelte";
import { nameOf, SCREENS } from "./frame/screens";
import "./styles/base.css";

async function begin(target: HTMLElement): Promise<void> {
  const app = new App(await connect());
  mount(Root, { target, props: { app } });
  await app.start();
}

setLanguage(null);
// On their way while the app is asked how it stands. Should the screen not come, it is asked for again where it is shown.
SCREENS[nameOf(router.route)]().catch(() => {});
void document.fonts.load("1em 'Inter Variable'");
const target = document.getElementById("app");
// Not awaited here: what is shown later is made of this file too, and would wait for its end.
if (target) void begin(target);
