/** Until GraphiQL is there, the page says what went wrong: a file that does not come, or a script that fails. */
addEventListener("error", tell, true); // in the capture phase: an element's error does not rise

function tell({ target, message }) {
  const place = document.getElementById("loading");
  if (!place || target instanceof HTMLLinkElement) return; // it is there, or comes without its looks
  const what = target === window ? message : `${target.src} cannot be loaded.`;
  if (target.src && new URL(target.src).origin !== location.origin) {
    const matter = document.createElement("strong");
    matter.textContent = "There is no GraphiQL here, and the internet is not reached. ";
    place.prepend(matter);
    place.append(` ${what}`);
  } else {
    place.append(` ${what} Load this page again; if that does not help, start the server again.`);
  }
  removeEventListener("error", tell, true);
}
