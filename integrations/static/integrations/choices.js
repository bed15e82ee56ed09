// Whoever fills in what stands beside a choice has made that choice.
"use strict";
(() => {
  document.addEventListener("change", ({ target }) => {
    const choice = target.closest(".choice");
    const radio = choice?.querySelector("input[type=radio]");
    if (!radio) return;
    if (target.matches("select")) radio.checked = target.value !== "" || radio.checked;
    else for (const other of choice.parentElement.querySelectorAll("select")) if (!choice.contains(other)) other.value = "";
  });
})();
