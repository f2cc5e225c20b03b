// Which features of the HTML on stdin these mail programs do not support: {feature: [programs]}.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const html = readFileSync(0, "utf-8");
const found = {};
for (const program of process.argv.slice(2)) {
  const { issues } = caniemail({ clients: [program], html });
  for (const { title } of [...issues.errors.values()].flat()) {
    (found[title] ??= new Set()).add(program);
  }
}
console.log(JSON.stringify(found, (_, value) => (value instanceof Set ? [...value] : value)));
