// Gives a name to what Django's admin leaves without one: lists to choose from, cells of tables, hints.
"use strict";
(() => {
  const nameLists = (root) => {
    for (const select of root.querySelectorAll("select.admin-autocomplete")) {
      const label = select.getAttribute("aria-label") || select.labels[0]?.textContent.trim().replace(/:$/, "");
      for (const part of select.nextElementSibling?.querySelectorAll("[role=combobox], [role=textbox]") ?? []) {
        part.removeAttribute("aria-labelledby");
        if (label) part.setAttribute("aria-label", label);
      }
    }
  };
  const nameCells = (root) => {
    for (const table of root.querySelectorAll(".tabular table")) {
      const heads = [...table.tHead.rows[0].cells];
      if (!heads[0].textContent.trim()) heads[0].innerHTML = '<span class="visually-hidden">What it is now</span>';
      for (const row of table.tBodies[0].rows) {
        [...row.cells].forEach((cell, at) => {
          if (at && heads[at]) cell.dataset.name = heads[at].textContent.trim();
          for (const field of cell.querySelectorAll("select, input:not([type=hidden])")) {
            if (!field.labels?.length) field.setAttribute("aria-label", heads[at]?.textContent.trim() || "Remove");
          }
        });
      }
    }
  };
  const nameAll = (root) => {
    nameCells(root);
    nameLists(root);
    for (const hint of root.querySelectorAll(".help-tooltip[aria-label]")) hint.setAttribute("role", "img");
  };

  addEventListener("load", () => nameAll(document)); // lists with a search are made by then
  window.django?.jQuery?.(() => nameAll(document)); // and lists to choose from, by what stood before this
  document.addEventListener("formset:added", () => nameAll(document));
})();
