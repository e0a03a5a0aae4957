// SPDX-License-Identifier: MIT
#include "cmd/output/html.hpp"

#include "cmd/output/xml.hpp"

namespace tcp::cmd {
namespace {

// The page runs its own script and style and nothing else; it can reach no network.
constexpr std::string_view kPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --text: #1c2128; --soft: #59636e; --page: #fff; --raised: #f4f6f8; --line: #d5dae0;
  --open: #116329; --closed: #a40e26; --filtered: #7d4e00; --accent: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --text: #e2e6eb; --soft: #9aa4af; --page: #12161c; --raised: #1b212a;
  --line: #303842; --open: #5bd075; --closed: #ff8a80; --filtered: #e3b341; --accent: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 90rem; padding: 1.5rem; background: var(--page); color: var(--text);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.4rem; }
.subtitle { margin: .2rem 0 1rem; color: var(--soft); overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.facts li { padding: .25rem .7rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--raised); }
.search { display: flex; align-items: baseline; gap: .8rem; margin-bottom: .8rem; }
input { flex: 1; max-width: 30rem; min-width: 0; padding: .45rem .7rem; border: 1px solid var(--line);
  border-radius: .4rem; background: var(--page); color: inherit; font: inherit; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.count { color: var(--soft); white-space: nowrap; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { position: sticky; top: 0; background: var(--raised); padding: 0; white-space: nowrap; }
th button { width: 100%; padding: .45rem .7rem; border: 0; background: none; color: inherit; font: inherit;
  font-weight: 600; text-align: left; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \25B2"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " \25BC"; font-size: .7em; }
tbody tr:hover { background: var(--raised); }
.number { text-align: right; white-space: nowrap; }
.open { color: var(--open); font-weight: 600; } .closed, .error { color: var(--closed); }
.filtered { color: var(--filtered); } .note { color: var(--soft); font-style: italic; }
@media (max-width: 40rem) {
  body { padding: 1rem; } table, thead, tbody, tr, td { display: block; }
  thead tr { display: flex; flex-wrap: wrap; gap: .3rem; border: 0; padding: 0; } th { position: static; border-radius: .4rem; }
  tbody tr[hidden] { display: none; }
  td { border: 0; padding: .1rem 0; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); } .number { text-align: left; } td:empty { display: none; }
  td::before { content: attr(data-label); display: inline-block; width: 6.5rem; color: var(--soft); font-weight: 400;
    font-style: normal; } }
@media print { .search { display: none; } }
)css";

constexpr std::string_view kScript = R"js(
const body = document.querySelector('tbody'), rows = [...body.rows], count = document.querySelector('.count');
const search = document.querySelector('input'), heads = [...document.querySelectorAll('th')];
const texts = rows.map(row => row.textContent.toLowerCase());
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, i) => { row.hidden = !words.every(word => texts[i].includes(word)); shown += row.hidden ? 0 : 1; });
  count.textContent = shown + ' of ' + rows.length;
}
const key = (row, column) => { const cell = row.cells[column]; return cell.dataset.key ?? cell.textContent; };
const compare = new Intl.Collator('en', {numeric: true}).compare;
heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
  const down = head.getAttribute('aria-sort') === 'ascending';
  heads.forEach(other => other.removeAttribute('aria-sort'));
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const keyed = rows.map((row, i) => [key(row, column), i, row]);
  keyed.sort((a, b) => (down ? -1 : 1) * compare(a[0], b[0]) || a[1] - b[1]);
  body.append(...keyed.map(entry => entry[2]));
}));
search.addEventListener('input', filter);
filter();
)js";

std::string attribute(std::string_view name, const std::string& value) {
  return value.empty() ? "" : " " + std::string(name) + "=\"" + html_escape(value) + "\"";
}

}  // namespace

// What XML escapes is all that HTML wants escaped.
std::string html_escape(std::string_view text) { return xml_escape(text); }

std::string html_head(std::string_view title, std::string_view subtitle, const std::vector<HtmlCell>& facts,
                      const std::vector<std::string>& columns) {
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta http-equiv=\"Content-Security-Policy\" content=\"" + std::string(kPolicy) + "\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + html_escape(title);
  page +=
      "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<h1>" + html_escape(title) + "</h1>\n";
  page += "<p class=\"subtitle\">" + html_escape(subtitle) + "</p>\n<ul class=\"facts\">\n";
  for (const HtmlCell& fact : facts)
    page += "<li" + attribute("class", fact.style) + ">" + html_escape(fact.text) + "</li>\n";
  page +=
      "</ul>\n<div class=\"search\"><input type=\"search\" placeholder=\"Search\" aria-label=\"Search\">"
      "<span class=\"count\" role=\"status\"></span></div>\n<table>\n<thead><tr>";
  for (const std::string& column : columns) {
    page += "<th scope=\"col\"><button type=\"button\">" + html_escape(column) + "</button></th>";
  }
  return page + "</tr></thead>\n<tbody>\n";
}

std::string html_row(const std::vector<HtmlCell>& cells, const std::vector<std::string>& labels) {
  std::string row = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row += "<td" + attribute("class", cells[i].style) + attribute("data-key", cells[i].sort_key) +
           attribute("data-label", i < labels.size() ? labels[i] : "") + ">" + html_escape(cells[i].text) + "</td>";
  }
  return row + "</tr>\n";
}

std::string html_foot() {
  return "</tbody>\n</table>\n<script>" + std::string(kScript) + "</script>\n</body>\n</html>\n";
}

}  // namespace tcp::cmd
