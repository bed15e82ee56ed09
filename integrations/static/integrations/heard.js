// Shows at once that a click was heard, however long its answer takes; nothing is sent twice.
"use strict";
(() => {
  const HEARD = "heard";

  // A menu closes as soon as something in it was chosen: then its button shows it.
  const shownBy = (control) => [control, control.closest(".menu")?.querySelector("summary")];

  // A load that was stopped, or that brought a file, leaves the page as it is, and says nothing.
  const LONGEST = 15000;

  // Whoever waits longer than that reads what is being done.
  const SOON = 500;
  const WORDS = [[/^test/i, "Testing…"], [/^(save|change|rename|set|use|make)/i, "Saving…"], [/^send|^ask/i, "Sending…"]];
  const wordFor = (control) => {
    const found = WORDS.find(([start]) => start.test(control.textContent.trim()));
    return found ? found[1] : control.matches("a") || control.hasAttribute("hx-get") ? "Opening…" : "One moment…";
  };
  const say = (control) => {
    if (!control.classList.contains(HEARD) || !control.matches(".btn")) return;
    control.dataset.busy = wordFor(control);
    control.setAttribute("aria-busy", "true");
  };

  const mark = (control) => {
    for (const one of shownBy(control)) one?.classList.add(HEARD);
    setTimeout(() => say(control), SOON);
    setTimeout(() => unmark(control), LONGEST);
  };
  const clear = (one) => {
    one.classList.remove(HEARD);
    one.removeAttribute("aria-busy");
    delete one.dataset.busy;
  };
  const unmark = (control) => {
    for (const one of shownBy(control)) if (one) clear(one);
  };
  const unmarkAll = () => {
    for (const one of document.querySelectorAll(`.${HEARD}`)) clear(one);
  };

  // What was pressed, where a person did: not what asks again by itself.
  const pressed = ({ elt, requestConfig }) => {
    const event = requestConfig.triggeringEvent;
    if (elt.hasAttribute("data-unheard")) return null;
    if (!event || !["click", "submit", "change"].includes(event.type)) return null;
    return event.submitter || elt.closest("a, button, form");
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const control = event.defaultPrevented ? null : pressed(event.detail);
    if (!control) return;
    if (control.classList.contains(HEARD)) event.preventDefault();
    else mark(control);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const control = pressed(detail);
    // On the way to another page it is still being answered.
    if (control && !detail.xhr.getResponseHeader("HX-Redirect")) unmark(control);
  });

  // Forms and links that load a page: those that were not taken by another script.
  document.addEventListener("submit", (event) => {
    const { submitter, target } = event;
    if (event.defaultPrevented || !submitter || target.method === "dialog") return;
    if (submitter.classList.contains(HEARD)) event.preventDefault();
    unmarkAll();
    mark(submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
    if (!link || event.defaultPrevented || isElsewhere || link.target || link.download) return;
    const { href } = link;
    if (href.split("#")[0] === location.href.split("#")[0] || !href.startsWith("http")) return;
    unmarkAll();
    mark(link);
  });
  window.addEventListener("pageshow", unmarkAll);

  // What is wrong, or what was done, comes first after a page was loaded; a place in the address is first.
  const isFree = [null, document.body].includes(document.activeElement);
  const isTold = isFree && !location.hash;
  if (isTold) document.querySelector("main [aria-invalid=true], main > .messages")?.focus();

  // Somebody archived the workspace while its page was open: what stands there is as it was.
  const noteOf = ({ said, url }) => {
    const note = document.createElement("p");
    note.className = "note warn archived";
    note.setAttribute("role", "alert");
    note.tabIndex = -1;
    const link = document.createElement("a");
    link.href = url;
    link.textContent = "See who can bring it back";
    const told = document.createElement("b");
    told.textContent = said;
    note.append(told, " Nothing here changes anything any more. ", link, ".");
    return note;
  };
  document.addEventListener("workspace-archived", ({ detail }) => {
    const opened = document.querySelector("dialog[open] .content");
    const place = opened || document.getElementById("main");
    if (!place.querySelector(":scope > .archived")) place.prepend(noteOf(detail));
    if (detail.elt?.id !== "changes") place.querySelector(":scope > .archived").focus();
  });
})();
