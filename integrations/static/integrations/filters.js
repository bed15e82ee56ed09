// Filters the cards as one types or presses a chip; the links and the form work without it.
"use strict";
(() => {
  const grid = document.getElementById("cards");
  if (!grid) return;
  const search = document.getElementById("search");
  const nothing = document.getElementById("nothing-found");
  let show = new URLSearchParams(location.search).get("show") || "";

  if (!document.querySelector(`#status-summary [data-show="${CSS.escape(show)}"]`)) show = "";

  // What happens elsewhere takes no card away from under the pointer.
  let mayHide = true;

  const apply = () => {
    const query = search.value.trim().toLowerCase();
    let found = 0;
    for (const card of grid.querySelectorAll(".card")) {
      const shown = (!show || card.dataset.group === show)
        && card.dataset.words.toLowerCase().includes(query);
      if (shown || mayHide) card.hidden = !shown;
      found += !card.hidden;
    }
    for (const all of grid.querySelectorAll("[data-all]")) {
      all.search = query && `?q=${encodeURIComponent(query)}`;
    }
    for (const section of grid.children) {
      section.hidden = !section.querySelector(".card:not([hidden])");
    }
    nothing.hidden = found > 0;
    for (const chip of document.querySelectorAll("#status-summary .chip")) {
      if (chip.dataset.show === show) {
        chip.setAttribute("aria-current", "true");
        chip.hidden = false;
      }
      else chip.removeAttribute("aria-current");
    }
  };

  // The address says what is shown, for a reload and for whatever is drawn anew.
  const remember = () => {
    const asked = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries({ show, q: search.value.trim() })) {
      if (value) asked.set(name, value);
      else asked.delete(name);
    }
    const query = `${asked}`;
    history.replaceState(history.state, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
  };

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("#status-summary .chip");
    if (!chip || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show = chip.dataset.show;
    mayHide = true;
    remember();
    apply();
  });
  search.addEventListener("input", () => {
    mayHide = true;
    remember();
    apply();
  });
  search.form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    mayHide = detail.requestConfig.elt.id !== "changes";
  });
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.closest("#cards, #status-summary")) apply();
  });
  apply();
})();
