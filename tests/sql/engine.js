// engine.js ENGINE MODULES [FILE...]: runs the statements of SQL files, or of standard input, in an engine of its own
// (clickhouse: chDB, duckdb: DuckDB) with nothing in it, and prints the rows that they give, a JSON object a line. Before
// the rows of a statement that begins with a comment "-- time NAME" goes a line with the seconds that it took.
//
// Statements end in a semicolon at the end of a line. $DATABASE is a folder for the data; without it all is in memory
// (DuckDB) or in a folder that is removed (chDB).
'use strict';
const fs = require('fs');
const path = require('path');

const [engine, modules, ...files] = process.argv.slice(2);
const folder = process.env.DATABASE;

function statements(text) {
  return text.split(/;[ \t]*(?:\n|$)/).map((part) => part.trim()).filter((part) => part.replace(/^--.*$/gm, '').trim() !== '');
}

async function clickhouse() {
  const { Session } = require(path.join(modules, 'chdb'));
  const session = folder ? new Session(folder) : new Session();
  return {
    run: async (statement) => {
      const text = session.query(statement, 'JSONEachRow');
      return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
    },
    close: () => session.cleanup && !folder && session.cleanup(),
  };
}

async function duckdb() {
  const { DuckDBInstance } = require(path.join(modules, '@duckdb/node-api'));
  const instance = await DuckDBInstance.create(folder ? path.join(folder, 'perpass.duckdb') : ':memory:');
  const connection = await instance.connect();
  return {
    run: async (statement) => (await connection.runAndReadAll(statement)).getRowObjectsJson(),
    close: () => connection.closeSync(),
  };
}

async function main() {
  const texts = files.length > 0 ? files.map((file) => fs.readFileSync(file, 'utf8')) : [fs.readFileSync(0, 'utf8')];
  const opened = await { clickhouse, duckdb }[engine]();
  for (const statement of texts.flatMap(statements)) {
    const timed = statement.match(/^-- time (\S+)/);
    const before = process.hrtime.bigint();
    let rows;
    try {
      rows = await opened.run(statement);
    } catch (error) {
      process.stderr.write(`${statement.slice(0, 400)}\n${error.message}\n`);
      process.exit(1);
    }
    if (timed) console.log(JSON.stringify({ time: timed[1], seconds: Number(process.hrtime.bigint() - before) / 1e9 }));
    for (const row of rows) console.log(JSON.stringify(row));
  }
  opened.close();
}

main();
