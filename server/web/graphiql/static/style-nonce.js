/**
 * The page's security policy takes a <style> only with the page's nonce, and the libraries that make some know nothing of
 * it. What is put in as HTML, by whomever, still has none.
 */
const { nonce } = document.querySelector("link[nonce]");
const createElement = document.createElement;

document.createElement = function (...names) {
  const element = createElement.apply(this, names);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
