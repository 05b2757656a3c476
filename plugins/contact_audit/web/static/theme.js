// Before the first paint: the theme that the reader has chosen in Airflow, which keeps it in local storage. Without one,
// the style sheet follows the system.
(() => {
  "use strict";
  const follow = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // no storage: follow the system
    }
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };
  follow();
  addEventListener("storage", (event) => {
    if (event.key === "theme" || event.key === null) follow();
  });
})();
