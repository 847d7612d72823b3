// What @graphql-inspector/core says of pairs of schemas: [[old, new], …] in SDL on standard input.
// Prints, for each pair, the messages of the changes that it calls breaking.
import { readFileSync } from "node:fs";

import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const answers = [];
for (const [before, after] of JSON.parse(readFileSync(0, "utf8"))) {
  const changes = await diff(buildSchema(before), buildSchema(after));
  answers.push(
    changes
      .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
      .map(({ message }) => message),
  );
}
console.log(JSON.stringify(answers));
