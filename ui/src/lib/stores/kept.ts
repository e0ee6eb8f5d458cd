// Stores of single screens: made when the screen is first shown, found again when one comes back to it.
import type { App } from "./app.svelte";

/** A function that gives the store of an app, one for each account. */
export function kept<T>(make: (app: App) => T): (app: App) => T {
  const stores = new WeakMap<object, T>();
  return (app) => {
    // Another sign-in is another account: nothing of the one before is shown to it.
    const account = app.session.account ?? app;
    let store = stores.get(account);
    if (!store) {
      store = make(app);
      stores.set(account, store);
    }
    return store;
  };
}
