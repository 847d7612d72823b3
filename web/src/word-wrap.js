/** Long lines of a query go on below. GraphiQL leaves that to a scroll bar, and cuts off what stands to the right. */
import { editor } from "monaco-graphql/esm/monaco-editor.js";

editor.onDidCreateEditor((created) => created.updateOptions({ wordWrap: "on", wrappingIndent: "indent" }));
