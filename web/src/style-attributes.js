/**
 * The page's security policy takes no style attributes in HTML, and Monaco writes its lines as HTML with such attributes.
 * Here each becomes a rule of a style sheet that is made by script, which the policy takes.
 */
const TAG = /<\w[^>]*>/g; // in Monaco's HTML a < that is text is escaped
const STYLE = / style="([^"]*)"/;

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

const numbers = new Map(); // of the declarations

export function withoutStyleAttributes(html) {
  return html.replace(TAG, (tag) => tag.replace(STYLE, (_, style) => ` data-style="${number(style)}"`));
}

function number(declarations) {
  if (!numbers.has(declarations)) {
    numbers.set(declarations, numbers.size);
    // As strong as an attribute: stronger than classes, weaker than what a script sets at the element.
    sheet.insertRule(`[data-style="${numbers.get(declarations)}"]:not(#a#b) { ${declarations} }`);
  }
  return numbers.get(declarations);
}
