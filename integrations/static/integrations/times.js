// Shows every time in the reader's own words, and in the zone of the browser or the one they set.
"use strict";
(() => {
  const zone = document.querySelector("[name=time-zone]");
  const timeZone = zone ? zone.content : undefined;
  const relative = new Intl.RelativeTimeFormat("en", { style: "long" });
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone });
  const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone });
  const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long", timeZone });
  const someMonths = 180 * 86400 * 1000;
  // A month is told from three of them on: until then days say it better.
  const units = [["year", 365 * 86400], ["month", 30 * 86400, 3], ["day", 86400], ["hour", 3600], ["minute", 60]];

  const ago = (at) => {
    const seconds = (at - Date.now()) / 1000;
    for (const [unit, size, least = 1] of units) {
      if (Math.abs(seconds) >= size * least) return relative.format(Math.trunc(seconds / size), unit);
    }
    return "just now";
  };
  const smart = (at) => {
    const today = date.format(new Date()) === date.format(at);
    if (today) return clock.format(at);
    const near = Math.abs(at - Date.now()) < someMonths;
    return `${(near ? day : date).format(at)} ${clock.format(at)}`;
  };
  const words = { ago, smart, date: (at) => date.format(at), full: (at) => full.format(at) };

  const show = (root) => {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      element.textContent = words[element.dataset.style](at);
      element.title = full.format(at);
    }
  };

  // A zone that is to be chosen begins with the browser's own.
  for (const select of document.querySelectorAll("select[data-own-zone]")) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (select.value === "UTC" && [...select.options].some((one) => one.value === own)) select.value = own;
  }

  show(document);
  document.addEventListener("htmx:load", (event) => show(event.detail.elt));
  setInterval(() => show(document), 30000);
})();
