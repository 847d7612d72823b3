/** System: workers, queue, database, versions and settings. */
import { html, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { SYSTEM } from "../data/queries.js";
import { Checkbox } from "../parts/controls.js";
import { duration, moment, number } from "../parts/format.js";
import { useLoaded } from "../parts/hooks.js";
import { Card, Facts, Page } from "../parts/layout.js";
import { Empty, ErrorNotice, Notice } from "../parts/notices.js";
import { Table } from "../parts/table.js";

/** @typedef {import("../data/types.js").System} System */

const PACKAGES_TO_COME = Array.from({ length: 8 }, () => ["\u00a0", undefined]);

export function SystemPage() {
  const { data, error } = useLoaded(
    /** @returns {Promise<System>} */ async () => (await ask(SYSTEM)).system,
    [],
    () => 3_000,
  );
  const { queue, database, server, workers } = data ?? {};
  return html`<${Page} title="System">
    <${ErrorNotice} error=${error} />
    ${queue?.warning && html`<${Notice} tone="warning" title=${queue.warning} />`}
    <div class="columns">
      <${Card} title="Queue">
        <p class="figure">${queue ? number(queue.waitingChunks) : "\u00a0"} <small>chunks wait</small></p>
        <${Facts} facts=${[
          ["Running chunks", queue && number(queue.runningChunks)],
          ["The first waits for", queue && (queue.waitingChunks ? duration(queue.oldestSeconds * 1000) : "none waits")],
        ]} />
      <//>
      <${Card} title="Database">
        <p class="figure">${database ? database.pingMs.toFixed(1) : "\u00a0"} <small>ms to answer</small></p>
        <${Facts} facts=${[
          ["MongoDB", database && `${database.version}${database.isEmbedded ? ", embedded" : ""}`],
          ["Database", database?.name],
          ["Replica set", database?.replicaSet],
          ["Primary", database && (database.primary ?? html`<span class="wrong">none</span>`)],
          ["Members", database && database.members.length > 1 ? database.members.join(", ") : null],
        ]} />
      <//>
      <${Card} title="Server">
        <p class="figure">${server ? duration(server.uptimeSeconds * 1000) : "\u00a0"} <small>up</small></p>
        <${Facts} facts=${[
          ["stockbatch", server?.version],
          ["Python", server?.pythonVersion],
          ["Process", server?.process],
          ["Started", server && moment(server.startedAt)],
        ]} />
      <//>
    </div>
    <${Card} title="Workers">
      <${Table}
        caption="Workers, the one seen last first"
        columns=${WORKERS}
        rows=${workers}
        waiting=${1}
        keyOf=${(/** @type {{ name: string }} */ { name }) => name}
        empty=${html`<${Empty} title="No worker was seen in the last five minutes">
          <p>Start one with <code>python -m server worker</code>, or set <code>WORKER_ENABLED=true</code> on a server.</p>
        <//>`}
      />
    <//>
    <${Card} title="Packages">
      <${Facts} isWide facts=${server?.libraries.map(({ name, version }) => [name, version]) ?? PACKAGES_TO_COME} />
    <//>
    <${Settings} settings=${server?.settings} />
  <//>`;
}

/** @type {import("../parts/table.js").Column<System["workers"][number]>[]} */
const WORKERS = [
  { title: "Worker", isHead: true, cell: ({ name }) => html`<code>${name}</code>` },
  {
    title: "State",
    cell: ({ isAlive, leftAt }) =>
      isAlive
        ? html`<span class="state good">Alive</span>`
        : html`<span class="state ${leftAt ? "" : "bad"}">${leftAt ? "Ended" : "Silent"}</span>`,
  },
  {
    title: "Last sign of life",
    isNumber: true,
    cell: ({ seenAt }) => html`<time datetime=${seenAt}>${duration(Math.max(0, Date.now() - Date.parse(seenAt)))} ago</time>`,
  },
];

/** @param {{ settings: System["server"]["settings"] | undefined }} props */
function Settings({ settings }) {
  const [all, setAll] = useState(false);
  const shown = settings?.filter(({ isDefault }) => all || !isDefault);
  return html`<${Card} title="Settings" actions=${html`<${Checkbox} label="Show defaults, too" isOn=${all} onChange=${setAll} />`}>
    <${Table}
      caption="Settings"
      columns=${SETTINGS}
      rows=${shown}
      keyOf=${(/** @type {{ name: string }} */ { name }) => name}
      empty=${html`<${Empty} title="Every setting has its default" />`}
    />
  <//>`;
}

/** @type {import("../parts/table.js").Column<System["server"]["settings"][number]>[]} */
const SETTINGS = [
  { title: "Setting", isHead: true, cell: ({ name }) => html`<code>${name}</code>` },
  { title: "Value", cell: ({ value, isDefault }) => html`<code class=${isDefault ? "quiet" : ""}>${value ?? "not set"}</code>` },
  { title: "Meaning", isExtra: true, cell: ({ meaning }) => meaning },
];
