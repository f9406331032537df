// sarif_check.js NODE_MODULES FOLDER: checks the *.sarif in FOLDER by the schema of SARIF 2.1.0, and reads what the
// multitool told of them (told.json, told.txt). Also breaks one of them, which the schema has to refuse.
"use strict";
const fs = require("fs");
const path = require("path");
const [modules, folder] = process.argv.slice(2);
const Ajv = require(path.join(modules, "ajv", "dist", "2020"));
const formats = require(path.join(modules, "ajv-formats"));
const read = (...names) => JSON.parse(fs.readFileSync(path.join(...names), "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
const validate = ajv.compile(read(modules, "@microsoft", "sarif-multitool-linux", "sarif-2.1.0.json"));
const files = fs.readdirSync(folder).filter((name) => name.endsWith(".sarif"));
let failed = 0;
let results = 0;
for (const name of files) {
  const log = read(folder, name);
  results += log.runs[0].results.length;
  if (!validate(log)) {
    failed++;
    console.log(name, ajv.errorsText(validate.errors).slice(0, 500));
  }
}
const broken = read(folder, "all.sarif");
broken.runs[0].results[0].level = "severe";
if (validate(broken)) {
  failed++;
  console.log("the schema refuses nothing");
}
const told = read(folder, "told.json").runs[0];
const targets = new Set((told.results || []).map((one) => one.ruleId));
targets.delete("SARIF2005"); // it has no page of its own
if (!/Analysis completed successfully/.test(fs.readFileSync(path.join(folder, "told.txt"), "utf8"))) {
  failed++;
  console.log("the multitool did not come to its end");
}
if (!(told.results || []).some((one) => one.ruleId === "SARIF2005")) {
  failed++;
  console.log("the multitool has read nothing");
}
for (const one of told.results || []) {
  if (!targets.has(one.ruleId)) continue;
  failed++;
  console.log(one.ruleId, JSON.stringify(one.message).slice(0, 300), JSON.stringify(one.locations).slice(0, 300));
}
console.log(`${files.length} files with ${results} results by the schema and the multitool`);
console.log(`${files.length - failed > 0 ? files.length - failed : 0} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
