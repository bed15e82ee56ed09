// A screen in the room: shows itself anew, turns through its screens, and says when it is not live.
"use strict";
(() => {
  const TURN = 12000;
  const PATIENCE = 10000;
  const lost = document.getElementById("wall-lost");
  const every = Number(document.getElementById("wall").dataset.every) * 1000;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  let live = new Date();
  let heldAt = null;

  // By the clock, so that a page shown anew stays at its screen.
  const turn = () => {
    const at = Math.floor((heldAt ?? Date.now()) / TURN);
    for (const all of document.querySelectorAll("[data-turns]")) {
      const screens = [...all.children];
      screens.forEach((one, number) => { one.hidden = number !== at % screens.length; });
    }
    for (const one of document.querySelectorAll("[data-clock]")) one.textContent = clock.format(new Date());
    document.body.classList.toggle("held", heldAt !== null);
  };

  const say = (words) => {
    lost.hidden = !words;
    const told = words ? words.replace("{}", clock.format(live)) : "";
    if (lost.textContent !== told) lost.textContent = told;
    document.body.classList.toggle("stands", Boolean(words));
  };

  const script = (root) => root.querySelector("script[src*='wall']")?.getAttribute("src");

  const look = async () => {
    let reply;
    try {
      // Whoever is signed out is led elsewhere, which is not followed.
      reply = await fetch(location.href, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (reply.type === "opaqueredirect" || reply.status === 401) return say(lost.dataset.ended);
      if (!reply.ok) return say(lost.dataset.failed);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const wall = page.getElementById("wall");
      if (!wall) return say(lost.dataset.failed);
      if (script(page) !== script(document)) return location.reload();
      document.getElementById("wall").replaceWith(document.adoptNode(wall));
      document.title = page.title;
      live = new Date();
      say("");
      document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: wall } }));
      turn();
    } catch {
      say(lost.dataset.lost);
    }
  };

  // Whoever reads may hold what turns.
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target !== document.body) return;
    event.preventDefault();
    heldAt = heldAt === null ? Date.now() : null;
    turn();
  });
  turn();
  setInterval(turn, 1000);
  setInterval(look, every);
})();
