// Keeps the focus where a person left it: in a card that is replaced, and at the control that
// opened the dialog, or at what stands in its card now.
"use strict";
(() => {
  const dialog = document.getElementById("dialog");
  let opener = null;
  let places = [];
  let cardId = null;
  let returned = null;

  const standIn = (id) => document.querySelector(`#${id} > footer .btn`);
  // Where one was; and, for when that is removed, the next of its kind or the one before.
  const placesOf = (element) => {
    const row = element.closest(".connection");
    const control = (row && element.closest(".menu")?.querySelector("summary")) || element;
    const kin = row ? [...row.parentElement.children] : [];
    const at = kin.indexOf(row);
    const near = [...kin.slice(at + 1), ...kin.slice(0, Math.max(at, 0)).reverse()];
    return [control, ...near.map((one) => one.querySelector(".menu > summary"))]
      .map((one) => one?.id).filter(Boolean);
  };
  const cardOf = (element) => element && element.closest(".card");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id !== "dialog-content" || dialog.open) return;
    opener = document.activeElement;
    places = placesOf(opener);
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
    const again = places.map((id) => document.getElementById(id)).find(Boolean) || (card && standIn(card.id));
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
