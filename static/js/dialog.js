// Dialogs. A link or button with data-dialog="id" opens that <dialog>; without a script the link leads to the page
// that holds the same form. data-dialog-close closes; a click on the backdrop closes too.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(dialog);
    return;
  }
  if (event.target.closest("[data-dialog-close]")) {
    event.preventDefault();
    event.target.closest("dialog")?.close();
  } else if (event.target.matches?.("dialog.dialog") && outside(event)) {
    event.target.close();
  }
});

// The first field takes the focus, not the button that closes.
function show(dialog) {
  dialog.showModal();
  dialog.querySelector("[aria-invalid=true], .dialog-body :is(input:not([type=hidden]), select, textarea)")?.focus();
}

function outside(event) {
  const box = event.target.getBoundingClientRect();
  const inWidth = event.clientX >= box.left && event.clientX <= box.right;
  const inHeight = event.clientY >= box.top && event.clientY <= box.bottom;
  return !(inWidth && inHeight);
}

// A form that came back with errors opens again where it was.
for (const dialog of document.querySelectorAll("dialog[data-dialog-open]")) show(dialog);
