// What the pages do beyond links and forms, all of which work without it: moments in the reader's zone, short addresses.
(() => {
  "use strict";

  // The zone chosen in Airflow, else the browser's.
  const zone = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("timezone");
      chosen = chosen && chosen.startsWith('"') ? JSON.parse(chosen) : chosen;
      if (chosen) new Intl.DateTimeFormat("en", { timeZone: chosen });
    } catch {
      chosen = null;
    }
    return chosen || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  };

  const localise = (root) => {
    const timeZone = zone();
    const utc = ["UTC", "Etc/UTC", "GMT", "Etc/GMT"].includes(timeZone);
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone, hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    });
    const bare = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    const day = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short" });
    const dayUtc = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
    for (const place of root.querySelectorAll(".local[data-at]")) {
      if (utc) continue;
      const at = new Date(place.dataset.at);
      const after = place.dataset.after ? `${bare.format(new Date(place.dataset.after))}–` : "";
      // the day too, where it is another one there
      const other = day.format(at) === dayUtc.format(at) ? "" : `${day.format(at)}, `;
      place.textContent = `${other}${after}${clock.format(at)}`;
      place.title = timeZone;
    }
  };

  // A form sends only what is filled in: the address stays short enough to share.
  const tidy = (form) => {
    for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  };
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-tidy]")) tidy(event.target);
  });
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("[data-tidy] :disabled")) field.disabled = false;
  });

  document.addEventListener("DOMContentLoaded", () => localise(document));
  document.addEventListener("htmx:afterSettle", () => localise(document));
  addEventListener("storage", (event) => {
    if (event.key === "timezone") localise(document);
  });
})();
