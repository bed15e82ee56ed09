// Keeps the focus where a person left it: in a card that is replaced, and at the control that
// opened the dialog, or at what stands in its card now.
"use strict";
(() => {
  const dialog = document.getElementById("dialog");
  let opener = null;
  let cardId = null;
  let returned = null;

  const standIn = (id) => document.querySelector(`#${id} > footer .btn`);
  const cardOf = (element) => element && element.closest(".card");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id === "dialog-content" && !dialog.open) opener = document.activeElement;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const card = cardOf(document.activeElement);
    cardId = card && card === event.detail.target ? card.id : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!cardId || document.activeElement !== document.body) return;
    standIn(cardId)?.focus();
    cardId = null;
  });

  dialog.addEventListener("close", () => {
    if (!opener) return;
    const opens = document.querySelector("[data-opens]");
    const fromAddress = opener === document.body && opens;
    const card = fromAddress ? document.getElementById(`card-${opens.dataset.opens}`) : cardOf(opener);
    const again = (opener.id && document.getElementById(opener.id)) || (card && standIn(card.id));
    if (again) again.focus();
    returned = again;
    opener = null;
  });

  // The entry that the dialog had in the tab's history goes then, which moves the focus after this event.
  window.addEventListener("popstate", () => {
    const control = returned;
    returned = null;
    setTimeout(() => {
      if (control && document.activeElement === document.body) control.focus();
    });
  });
})();
