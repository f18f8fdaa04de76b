"use strict";
// Anything that goes wrong on this page is written on the page, where a test and a reader find it.
(() => {
  const root = document.documentElement;
  const note = (text) => {
    root.dataset.errors = root.dataset.errors ? `${root.dataset.errors}\n${text}` : text;
  };
  window.addEventListener("error", (event) => note(event.message));
  window.addEventListener("unhandledrejection", (event) => note(String(event.reason)));
  document.addEventListener("securitypolicyviolation", (event) =>
    note(`policy: ${event.violatedDirective} ${event.blockedURI}`),
  );
})();
