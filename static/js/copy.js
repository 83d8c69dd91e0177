// Copy buttons. data-copy="text", data-copy-target="id of an element", or inside a form data-copy-secret, whose
// POST answers with the text. The button shows a tick and the status region says the word.

const shown = 2000; // milliseconds that the tick stays

function announce(sentence) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = sentence; });
}

// Without HTTPS a page has no clipboard of its own; a selected text area still works there.
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  area.setAttribute("aria-hidden", "true");
  const holder = document.querySelector("dialog[open]") ?? document.body;
  const before = document.activeElement;
  holder.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  if (!done) throw new Error("the browser refused to copy");
}

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // permission refused: try the older way
    }
  }
  copyBySelection(text);
}

function textOf(button) {
  if (button.dataset.copyTarget) {
    const target = document.getElementById(button.dataset.copyTarget);
    return target ? (target.value ?? target.textContent).trim() : "";
  }
  return button.dataset.copy;
}

async function secretOf(form, button) {
  const body = new FormData(form);
  if (button.name) body.set(button.name, button.value);
  const answer = await fetch(form.action, {
    method: "POST", body, credentials: "same-origin", redirect: "error", headers: { Accept: "text/plain" },
  });
  if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/plain")) throw new Error("no text came back");
  return answer.text();
}

async function copy(button, getText) {
  const name = button.dataset.copyName || "text";
  const what = name[0].toUpperCase() + name.slice(1);
  try {
    await write(await getText());
  } catch {
    announce(`${what} could not be copied. Select it and copy it by hand.`);
    button.title = "Copying did not work. Select the text and copy it by hand.";
    return;
  }
  announce(`${what} copied.`);
  button.dataset.copied = "";
  const word = button.querySelector("[data-copy-word]");
  if (word) {
    word.dataset.before ??= word.textContent;
    word.textContent = "Copied";
  }
  setTimeout(() => {
    delete button.dataset.copied;
    if (word) word.textContent = word.dataset.before;
  }, shown);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-target]");
  if (button) copy(button, async () => textOf(button));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-copy-secret]")) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  copy(button, () => secretOf(form, button));
});
