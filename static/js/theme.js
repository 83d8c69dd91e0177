// The colour theme: system, light or dark. A plain script in the head, so that it runs before the first paint.
(() => {
  const key = "headwater-theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(key) || "system";
    } catch {
      return "system"; // storage can be refused; the system's choice is always right
    }
  };

  const apply = (choice) => {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };

  root.classList.add("has-script");
  apply(stored());

  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  window.addEventListener("storage", (event) => event.key === key && apply(stored()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem(key, button.dataset.themeChoice);
    } catch {
      // the choice holds for this page only
    }
    apply(button.dataset.themeChoice);
  });
})();
