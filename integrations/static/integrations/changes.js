// Asks whether anything has happened elsewhere, while somebody may be looking.
"use strict";
(() => {
  const EVERY = 10000;
  let last = Date.now();
  let isSignedOut = false;

  const look = () => {
    if (document.hidden || isSignedOut || Date.now() - last < EVERY / 2) return;
    // Nothing is moved from under somebody's hands.
    if (document.activeElement?.closest("[data-held]")) return;
    last = Date.now();
    document.body.dispatchEvent(new Event("look-again"));
  };
  // Nothing is asked for whoever was signed out, until something works again.
  document.body.addEventListener("session-ended", () => { isSignedOut = true; });
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful) isSignedOut = false;
  });
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
