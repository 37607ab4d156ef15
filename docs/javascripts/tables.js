// Tables inside <div class="sortable">: a click on a heading sorts, a field above filters the rows.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("div.sortable table")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];

    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "filter: a word of the row";
    field.setAttribute("aria-label", "Filter the rows of the table");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
    table.before(field);

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const falling = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach((one) => one.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const value = (row) => {
          const text = row.cells[column].textContent.trim();
          const number = parseFloat(text.replace(/,/g, ""));
          return Number.isNaN(number) ? text : number;
        };
        const compare = (one, other) => {
          const [a, b] = [value(one), value(other)];
          if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
          return typeof a === "number" ? a - b : a.localeCompare(b);
        };
        rows.sort((one, other) => (falling ? -1 : 1) * compare(one, other));
        body.append(...rows);
      });
    });
  }
});
