// Closes an open menu on Escape, on a click elsewhere, when something in it was chosen and when
// another one opens. The arrow keys open one and go through what is in it.
"use strict";
(() => {
  // Where a row of links is wider than the screen, the one that is open stands in it.
  document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const close = (menu, returnsFocus) => {
    menu.open = false;
    if (returnsFocus) menu.querySelector("summary").focus();
  };
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const chosen = menu.contains(event.target) && event.target.closest(".menu > div :is(a, button)");
      if (chosen || !menu.contains(event.target)) close(menu, chosen);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) close(menu, true);
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = step && event.target.closest("details.menu");
    if (!menu) return;
    event.preventDefault();
    menu.open = true;
    const items = [...menu.querySelectorAll(":scope > div :is(a, button)")].filter((one) => one.checkVisibility());
    const at = items.indexOf(event.target);
    const next = at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length;
    items[next]?.focus();
  });
  // A card that is drawn anew keeps its menu open.
  let open = [];
  const remember = ({ detail }) => {
    open = [...detail.target.querySelectorAll("details.menu[open]")].map((menu) => menu.id);
  };
  const reopen = () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  };
  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:oobBeforeSwap", remember);
  document.addEventListener("htmx:afterSwap", reopen);
  document.addEventListener("htmx:oobAfterSwap", reopen);
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu, false);
  });
})();
