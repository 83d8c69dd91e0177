// Relative times: <time datetime="…" data-relative> keeps up with the clock and shows the exact local time on hover.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });
const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

function inWords(date, now) {
  const seconds = Math.round((date - now) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 5 ? "in a moment" : "just now";
}

function refresh(root) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const words = inWords(date, now);
    if (element.textContent !== words) element.textContent = words;
    element.title = exact.format(date);
  }
}

refresh(document);
setInterval(() => refresh(document), 30000);
document.addEventListener("htmx:afterSettle", (event) => refresh(event.target));
