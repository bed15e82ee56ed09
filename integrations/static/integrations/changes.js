// Asks whether anything has happened elsewhere, while somebody may be looking.
"use strict";
(() => {
  const EVERY = 10000;
  let last = Date.now();

  const look = () => {
    if (document.hidden || Date.now() - last < EVERY / 2) return;
    last = Date.now();
    document.body.dispatchEvent(new Event("look-again"));
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
