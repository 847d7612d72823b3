/** Who is there, the navigation, and which page is open. */
import { html, useEffect } from "./vendor/preact.js";
import { ask } from "./data/client.js";
import { VIEWER } from "./data/queries.js";
import { session } from "./data/session.js";
import { BatchPage } from "./pages/batch.js";
import { BatchesPage } from "./pages/batches.js";
import { ImportPage } from "./pages/import.js";
import { ProductPage } from "./pages/product.js";
import { ProductsPage } from "./pages/products.js";
import { SignInPage } from "./pages/sign-in.js";
import { SystemPage } from "./pages/system.js";
import { Page } from "./parts/layout.js";
import { useLoaded } from "./parts/hooks.js";
import { Empty, ErrorNotice } from "./parts/notices.js";
import { href, useRoute } from "./router.js";

/** @typedef {import("./data/types.js").Viewer} Viewer */

/** @type {{ path: string, title: string, isFor: (viewer: Viewer) => boolean }[]} */
const PLACES = [
  { path: "batches", title: "Batches", isFor: ({ mayChange }) => mayChange },
  { path: "import", title: "Import", isFor: ({ mayChange }) => mayChange },
  { path: "products", title: "Products", isFor: ({ mayRead }) => mayRead },
  { path: "system", title: "System", isFor: ({ maySeeSystem }) => maySeeSystem },
];
const VIEWER_SECONDS = 20; // after which a key that was revoked leads to the page to sign in
const GRAPHIQL = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=graphiql]")).content;

export function App() {
  const { data, error, reload } = useLoaded(() => ask(VIEWER), [], () => VIEWER_SECONDS * 1000);
  const route = useRoute();

  if (error && ["UNAUTHENTICATED", "FORBIDDEN"].includes(error.code)) {
    return html`<${SignInPage} error=${session.key === null ? undefined : error} onSignedIn=${reload} />`;
  }
  if (error && !data) return html`<main><h1>stockbatch</h1><${ErrorNotice} error=${error} /></main>`;
  if (!data) return html`<header class="bar"></header><main aria-busy="true"></main>`;

  /** @type {Viewer} */
  const viewer = data.viewer;
  const places = PLACES.filter(({ isFor }) => isFor(viewer));
  const [path = places[0]?.path ?? "", id] = route;
  const isOpen = places.some((place) => place.path === path);
  return html`
    <a class="skip" href="#main" onClick=${toMain}>Skip to the content</a>
    <${Bar} viewer=${viewer} places=${places} path=${path} />
    ${isOpen ? html`<${Opened} key=${`${path}/${id ?? ""}`} path=${path} id=${id} viewer=${viewer} />` : html`<${Nowhere} />`}
  `;
}

/** @param {Event} event */
function toMain(event) {
  event.preventDefault(); // the address after # is the page's
  document.querySelector("h1")?.focus();
}

/** @param {{ viewer: Viewer, places: typeof PLACES, path: string }} props */
function Bar({ viewer, places, path }) {
  function signOut() {
    session.forget();
    location.hash = "";
    location.reload();
  }
  return html`<header class="bar">
    <a class="brand" href="#/">stockbatch</a>
    <nav aria-label="Pages">
      ${places.map((place) => html`<a
        key=${place.path}
        href=${href(place.path)}
        aria-current=${place.path === path ? "page" : undefined}
      >${place.title}</a>`)}
    </nav>
    <div class="who">
      ${GRAPHIQL && html`<a href=${GRAPHIQL}>GraphiQL</a>`}
      ${!viewer.isAnonymous && html`
        <span title="role: ${viewer.role?.toLowerCase()}">${viewer.name}</span>
        <button type="button" class="link" onClick=${signOut}>Sign out</button>
      `}
    </div>
  </header>`;
}

/** @param {{ path: string, id: string | undefined, viewer: Viewer }} props */
function Opened({ path, id, viewer }) {
  switch (path) {
    case "batches":
      return id ? html`<${BatchPage} id=${id} />` : html`<${BatchesPage} />`;
    case "import":
      return html`<${ImportPage} />`;
    case "products":
      return id ? html`<${ProductPage} id=${id} viewer=${viewer} />` : html`<${ProductsPage} viewer=${viewer} />`;
    default:
      return html`<${SystemPage} />`;
  }
}

function Nowhere() {
  useEffect(() => {
    document.title = "stockbatch";
  }, []);
  return html`<${Page} title="Nothing here">
    <${Empty} title="There is no such page, or your key’s role does not see it."><a href="#/">To the first page</a><//>
  <//>`;
}
