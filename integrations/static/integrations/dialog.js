// The dialog: opens when its content arrives, keeps typed secrets in the browser when a form
// comes back with errors, shows only the fields of the chosen method, and asks before what was
// typed is lost.
"use strict";
(() => {
  const dialog = document.getElementById("dialog");
  const content = document.getElementById("dialog-content");
  const KEPT = "typed:"; // values of a form, for when its tab comes back from another page
  const announcer = document.getElementById("announcer");
  const dialogAnnouncer = document.getElementById("dialog-announcer");
  const toast = document.getElementById("toast");
  let asking = "";
  let secrets = new Map();
  let isLeaving = false;
  let isEntered = false; // whether the open dialog has an entry of its own in the tab's history

  const showMethod = (root) => {
    const chosen = root.querySelector("[name=auth_method]:checked, [name=auth_method][type=hidden]");
    if (!chosen) return;
    for (const field of root.querySelectorAll("[data-methods]")) {
      field.hidden = !field.dataset.methods.split(" ").includes(chosen.value);
    }
    for (const fold of root.querySelectorAll(`.folds > details:has([data-needed-by~="${chosen.value}"])`)) {
      fold.open = true;
    }
    // Enter does what the dialog's button does: before a sign-in that is to begin one.
    const enter = root.querySelector("[data-signs-in]");
    if (enter && chosen.value === "sign_in") enter.setAttribute("formaction", enter.dataset.signsIn);
    else if (enter) enter.removeAttribute("formaction");
  };

  const say = (text) => {
    toast.textContent = text;
    toast.hidePopover(); // shown again, it is above a dialog that opened since
    toast.showPopover();
    clearTimeout(say.timer);
    say.timer = setTimeout(() => toast.hidePopover(), 6000);
    announce(text);
  };

  // While the dialog is open, nothing outside it is read aloud.
  const announce = (text) => {
    (dialog && dialog.open ? dialogAnnouncer : announcer).textContent = text;
  };

  // Says each step of a running test once, however often the ladder is drawn again.
  const announceStep = () => {
    const step = content.querySelector(".ladder .running");
    const text = step ? step.textContent.trim() : "";
    if (text && text !== asking) announce(text);
    asking = text;
  };

  document.addEventListener("change", (event) => {
    if (event.target.name === "auth_method") showMethod(event.target.closest(".dialog"));
    if (event.target.name === "first") nameVendor(event.target.closest(".dialog"));
  });

  const formIn = (root) => root.querySelector("form[data-keeps-secrets]");

  const isChanged = (field) => {
    if (!field.matches("input:not([type=hidden]), select, textarea")) return false;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    const chosen = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(chosen, 0);
  };

  // What comes back with errors is typed already, though the form says the same.
  const hasTyped = () => {
    const form = formIn(content || document);
    if (!form || form.querySelector("fieldset[disabled]")) return false;
    const isTyped = form.dataset.keepsSecrets === "typed" || "typed" in form.dataset;
    return isTyped || [...form.elements].some(isChanged);
  };

  const mayClose = () => !hasTyped() || confirm("Close without saving? What you typed is lost.");

  // Whoever has to go to another page first finds again what is no secret.
  const keepTyped = (form) => {
    const typed = {};
    for (const field of form.elements) {
      const isOurs = field.name && !field.matches("[type=hidden], [type=radio], [data-secret], button");
      if (isOurs && isChanged(field)) typed[field.name] = field.type === "checkbox" ? field.checked : field.value;
    }
    sessionStorage.setItem(KEPT + form.getAttribute("action"), JSON.stringify(typed));
    return [...form.querySelectorAll("[data-secret]")].every((secret) => !secret.value);
  };

  const putBack = (form) => {
    const key = form && KEPT + form.getAttribute("action");
    const kept = key && sessionStorage.getItem(key);
    if (!kept || form.dataset.keepsSecrets === "typed") return;
    sessionStorage.removeItem(key);
    for (const [name, value] of Object.entries(JSON.parse(kept))) {
      const field = form.elements[name];
      if (!field || field.matches?.("[data-secret]")) continue;
      if (field.type === "checkbox") field.checked = value;
      else field.value = value;
    }
  };

  const offerToShow = (root) => {
    for (const button of root.querySelectorAll("[data-shows]")) button.hidden = false;
  };

  const show = (button, isShown) => {
    document.getElementById(button.dataset.shows).type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", isShown);
    button.firstChild.data = isShown ? "Hide" : "Show";
  };

  // The button of the question which vendor it is says which was chosen.
  const nameVendor = (root) => {
    const chosen = root.querySelector("[name=first]:checked");
    if (chosen) root.querySelector("[data-continues]").textContent = `Continue with ${chosen.dataset.name}`;
  };

  const copied = (element) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(element.textContent);
    // A page that came by plain http has no clipboard, but may copy what is selected.
    getSelection().selectAllChildren(element);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && dialog && dialog.open) {
      event.preventDefault();
      if (mayClose()) dialog.close();
    }
    const shows = event.target.closest("[data-shows]");
    if (shows) show(shows, shows.getAttribute("aria-pressed") !== "true");
    const away = event.target.closest("a[data-keeps-typed]");
    if (away) isLeaving = keepTyped(formIn(document));
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      copied(document.getElementById(copy.dataset.copy))
        .then(() => say("Copied."), () => say("Copying is not allowed here: select the text."));
    }
  });

  // A form whose answer takes a moment says what is waited for, and is not sent twice.
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) isLeaving = true; // htmx sends the others
    const { waits } = event.target.dataset;
    const button = event.submitter;
    if (!waits || !button) return;
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = waits;
    announce(waits);
  });

  // What is sent is not lost: the answer may lead to the platform's own page.
  document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
    if (detail.xhr.getResponseHeader("HX-Redirect")) isLeaving = true;
  });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!isLeaving && hasTyped()) event.preventDefault();
  });

  showMethod(document);
  offerToShow(document);
  nameVendor(document);
  putBack(formIn(document));
  if (!dialog) return;

  // A dialog that the address asked for is opened once, not again with every reload.
  if (document.querySelector("[data-opens]")) {
    history.replaceState(null, "", `${location.pathname}#integrations`);
  }

  // Back closes the dialog. The entry of one that is no longer there, as after a reload, goes.
  const leaveEntry = () => {
    if (isEntered) history.back();
    isEntered = false;
  };
  if (history.state?.dialog) history.back();
  window.addEventListener("popstate", () => {
    if (!dialog.open || !isEntered) return;
    isEntered = false;
    if (mayClose()) dialog.close();
    else enter();
  });
  const enter = () => {
    history.pushState({ dialog: true }, "");
    isEntered = true;
  };

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const isAway = event.detail.requestConfig.verb === "get" && event.target.closest("a");
    if (isAway && content.contains(event.target) && !mayClose()) event.preventDefault();
  });

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest("form[data-keeps-secrets]");
    if (!form || event.detail.requestConfig.verb !== "post") return;
    secrets = new Map();
    for (const button of form.querySelectorAll("[data-shows]")) show(button, false);
    for (const input of form.querySelectorAll("[data-secret]")) {
      if (input.value) secrets.set(input.name, input.value);
    }
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "proof") announceStep();
    if (event.detail.target !== content) return;
    isLeaving = false;
    showMethod(content);
    offerToShow(content);
    nameVendor(content);
    const form = formIn(content);
    putBack(form);
    if (form && form.dataset.keepsSecrets === "typed") {
      for (const [name, value] of secrets) {
        if (form.elements[name]) form.elements[name].value = value;
      }
    }
    secrets = new Map();
    if (!dialog.open) {
      dialog.showModal();
      enter();
    }
    const first = content.querySelector("[autofocus], [aria-invalid=true]");
    (first || content.querySelector("[data-close]"))?.focus();
  });

  dialog.addEventListener("close", () => {
    // What was chosen and then not confirmed is not shown as if it were so.
    for (const form of document.querySelectorAll("form[data-asks]")) form.reset();
    leaveEntry();
    const cancels = content.querySelector("form[data-cancels]");
    if (cancels) cancels.requestSubmit();
    else content.replaceChildren();
  });
  dialog.addEventListener("cancel", (event) => {
    if (!mayClose()) event.preventDefault();
  });
  // A second Escape would close it whatever `cancel` says.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    if (mayClose()) dialog.close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && mayClose()) dialog.close();
  });

  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    const changesCard = content.contains(detail.elt) && detail.target.matches(".card");
    if (!changesCard || !detail.successful) return;
    content.replaceChildren();
    dialog.close();
  });
  document.body.addEventListener("said", (event) => say(event.detail.value));
  document.body.addEventListener("htmx:responseError", ({ detail }) => {
    const isTold = detail.xhr.status === 401 || detail.xhr.getResponseHeader("HX-Trigger")?.includes("workspace-archived");
    if (isTold || detail.elt.id === "changes") return;
    say(detail.xhr.status === 503 ? "Too busy just now. Try again in a few seconds." : "That did not work. Try again.");
  });

  // Whoever was signed out meanwhile signs in elsewhere: what is typed stays here, unsent.
  document.body.addEventListener("session-ended", ({ detail }) => {
    if (!dialog.open) {
      location.assign(detail.url);
      return;
    }
    const shown = content.querySelector(".session-ended a");
    if (shown) {
      shown.href = detail.url;
      return;
    }
    const note = document.getElementById("session-ended").content.cloneNode(true).firstElementChild;
    note.querySelector("a").href = detail.url;
    content.querySelector(".content").prepend(note);
    note.focus();
  });

  // To sign in gives the browser another CSRF token than the form was made with.
  document.body.addEventListener("htmx:configRequest", ({ detail }) => {
    const { content: name } = document.querySelector("[name=csrf-cookie]");
    const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    if (cookie && detail.parameters.csrfmiddlewaretoken) {
      detail.parameters.csrfmiddlewaretoken = cookie.slice(name.length + 1);
    }
  });
  document.body.addEventListener("htmx:sendError", ({ detail }) => {
    if (detail.elt.id !== "changes") say("No connection. Try again.");
  });
})();
