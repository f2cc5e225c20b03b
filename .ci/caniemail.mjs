// Which features of the HTML on stdin these mail programs do not support: {feature: [programs]}.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const clients = process.argv.slice(2);
const { issues } = caniemail({ clients, html: readFileSync(0, "utf-8") });
const found = {};
for (const client of clients) {
  for (const { title } of issues.errors.get(client) ?? []) {
    (found[title] ??= new Set()).add(client);
  }
}
console.log(JSON.stringify(found, (_, value) => (value instanceof Set ? [...value] : value)));
