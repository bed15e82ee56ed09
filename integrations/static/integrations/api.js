// Sends the forms of the API's pages as JSON, and shows the answer in place.
"use strict";
(() => {
  const { csrfHeaderName, csrfToken } = JSON.parse(document.getElementById("drf_csrf").textContent);

  const show = (title, rest) => {
    const answer = document.getElementById("answer");
    answer.replaceChildren(title, ...rest);
    title.focus();
  };
  const failed = () => {
    const title = document.getElementById("answer-title");
    title.textContent = "Nothing answered. Check the connection and send it again.";
    show(title, []);
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-method]");
    if (!form) return;
    event.preventDefault();
    const method = event.submitter?.dataset.method || form.dataset.method;
    const body = form.querySelector("[data-override=content]")?.value;
    const headers = { Accept: "text/html", "Content-Type": "application/json", [csrfHeaderName]: csrfToken };
    try {
      const reply = await fetch(form.getAttribute("action"), { method, headers, body });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("answer");
      if (page) return show(page.querySelector("h2"), [...page.children].slice(1));
      const title = document.getElementById("answer-title");
      title.textContent = `Answer: ${reply.status} ${reply.statusText}`;
      show(title, []);
    } catch {
      failed();
    }
  }, { capture: true }); // before whoever marks what loads another page
})();
