// Where the screen begins: a transport, the stores on it, the frame on those.
import { mount } from "svelte";
import Root from "./Root.svelte";
import { connect } from "$lib/backend";
import { App } from "$lib/stores/app.svelte";
import { setLanguage } from "$lib/language.svelte";
import "./styles/base.css";

setLanguage(null);
const target = document.getElementById("app");
if (target) {
  const app = new App(await connect());
  mount(Root, { target, props: { app } });
  await app.start();
}
