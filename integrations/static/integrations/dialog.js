// The dialog: opens when its content arrives, keeps typed secrets in the browser when a form
// comes back with errors, and shows only the fields of the chosen method.
"use strict";
(() => {
  const dialog = document.getElementById("dialog");
  const content = document.getElementById("dialog-content");
  const announcer = document.getElementById("announcer");
  const dialogAnnouncer = document.getElementById("dialog-announcer");
  const toast = document.getElementById("toast");
  let asking = "";
  let secrets = new Map();

  const showMethod = (root) => {
    const chosen = root.querySelector("[name=auth_method]:checked, [name=auth_method][type=hidden]");
    if (!chosen) return;
    for (const field of root.querySelectorAll("[data-methods]")) {
      field.hidden = !field.dataset.methods.split(" ").includes(chosen.value);
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
  });

  // A secret that was typed is often shown once at its platform: it is not lost by one key.
  const mayClose = () => ![...content.querySelectorAll("[data-secret]")].some((input) => input.value)
    || confirm("Close without saving? What you typed is lost.");

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
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      copied(document.getElementById(copy.dataset.copy))
        .then(() => say("Copied."), () => say("Copying is not allowed here: select the text."));
    }
  });

  // A form whose answer takes a moment says what is waited for, and is not sent twice.
  document.addEventListener("submit", (event) => {
    const { waits } = event.target.dataset;
    const button = event.submitter;
    if (!waits || !button) return;
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = waits;
    announce(waits);
  });

  showMethod(document);
  if (!dialog) return;

  // A dialog that the address asked for is opened once, not again with every reload.
  if (document.querySelector("[data-opens]")) {
    history.replaceState(null, "", `${location.pathname}#integrations`);
  }

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest("form[data-keeps-secrets]");
    if (!form || event.detail.requestConfig.verb !== "post") return;
    secrets = new Map();
    for (const input of form.querySelectorAll("[data-secret]")) {
      if (input.value) secrets.set(input.name, input.value);
    }
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "proof") announceStep();
    if (event.detail.target !== content) return;
    showMethod(content);
    const form = content.querySelector("form[data-keeps-secrets]");
    if (form && form.dataset.keepsSecrets === "typed") {
      for (const [name, value] of secrets) {
        if (form.elements[name]) form.elements[name].value = value;
      }
    }
    secrets = new Map();
    if (!dialog.open) dialog.showModal();
    const first = content.querySelector("[autofocus], [aria-invalid=true]");
    (first || content.querySelector("[data-close]"))?.focus();
  });

  dialog.addEventListener("close", () => {
    // What was chosen and then not confirmed is not shown as if it were so.
    for (const form of document.querySelectorAll("form[data-asks]")) form.reset();
    const cancels = content.querySelector("form[data-cancels]");
    if (cancels) cancels.requestSubmit();
    else content.replaceChildren();
  });
  dialog.addEventListener("cancel", (event) => {
    if (!mayClose()) event.preventDefault();
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
    if (detail.xhr.status === 401 || detail.elt.id === "changes") return;
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
