"use strict";
(function () {
  var table = document.getElementById("findings-table");
  var tools = document.getElementById("findings-tools");
  if (table === null || tools === null) { return; }
  var body = table.tBodies[0];
  var rows = Array.from(body.rows);
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  var said = document.createElement("p");
  said.setAttribute("role", "status");

  function labelled(text, control) {
    var label = document.createElement("label");
    label.append(text, control);
    tools.append(label);
    return control;
  }

  function choices(text, name) {
    var select = document.createElement("select");
    select.append(new Option("all", ""));
    var seen = new Set(rows.map(function (row) { return row.getAttribute(name); }));
    seen.forEach(function (value) { select.append(new Option(value, value)); });
    return labelled(text, select);
  }

  var words = labelled("Only with these words", document.createElement("input"));
  words.type = "search";
  var severity = choices("Only this severity", "data-severity");
  var attack = choices("Only this class of attack", "data-attack");

  function filter() {
    var wanted = words.value.toLowerCase().split(/\s+/);
    var shown = 0;
    rows.forEach(function (row, i) {
      var hidden = !wanted.every(function (word) { return texts[i].includes(word); });
      if (severity.value !== "") { hidden = hidden || row.getAttribute("data-severity") !== severity.value; }
      if (attack.value !== "") { hidden = hidden || row.getAttribute("data-attack") !== attack.value; }
      row.hidden = hidden;
      shown += hidden ? 0 : 1;
    });
    said.textContent = shown + " of " + rows.length + " rows are shown";
  }

  function key(row, column) {
    var cell = row.cells[column];
    var value = cell.getAttribute("data-value");
    return value === null ? cell.textContent.toLowerCase() : Number(value);
  }

  function sort(header, column) {
    var down = header.getAttribute("aria-sort") === "ascending";
    Array.from(table.tHead.rows[0].cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    var keyed = rows.map(function (row, i) { return { row: row, at: i, key: key(row, column) }; });
    keyed.sort(function (a, b) {
      var order = a.key > b.key ? 1 : b.key > a.key ? -1 : 0;
      return order === 0 ? a.at - b.at : down ? -order : order;
    });
    keyed.forEach(function (item) { body.append(item.row); });
  }

  Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", function () { sort(header, column); });
    header.replaceChildren(button);
  });
  words.addEventListener("input", filter);
  severity.addEventListener("change", filter);
  attack.addEventListener("change", filter);
  tools.append(said);
  tools.hidden = false;
  filter();
}());
